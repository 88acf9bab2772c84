import { createElement } from 'react';
import { describe, expect, test } from 'vitest';
import { App } from '../../cli/tui/app.tsx';
import { CampaignApp } from '../../cli/tui/campaign/campaign-app.tsx';
import { pictureOfRuns } from '../../cli/tui/campaign/picture.ts';
import { type CampaignView, initialCampaign } from '../../cli/tui/campaign/state.ts';
import { mount } from '../../cli/tui/mount.tsx';
import { openingPicture } from '../../cli/tui/opening.ts';
import { RunsApp } from '../../cli/tui/runs/runs-app.tsx';
import { initialRuns, type RunsState } from '../../cli/tui/runs/state.ts';
import { createScreen } from '../../cli/tui/screen.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State, VIEW_IDS } from '../../cli/tui/state/state.ts';
import type { Frame, RunEvent } from '../../server/contract/index.ts';
import { fakeKeyboard } from '../helpers/fake-keyboard.ts';
import { recordedCampaign, recordedRunner, recordedShard } from '../helpers/recorded-campaign.ts';
import {
  diagnosedEnd,
  diagnosedRun,
  lostAttempt,
  recordedDiagnosis,
  recordedForensic,
} from '../helpers/recorded-failure.ts';
import { endFrame, recordedMetrics, recordedRun } from '../helpers/recorded-run.ts';

/** A seeded generator: the same strings every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const PIECES = [
  '\u001b[2J',
  '\u001b]0;owned\u0007',
  '\u001b]52;c;cm0gLXJmIC8=\u0007',
  '\u001b[6n',
  '\u001bP+q544e\u001b\\',
  '\u009b31m',
  '\u0090q\u009c',
  '\u001bc',
  '\u0000',
  '\b\b\b',
  '\r\n',
  '\u202e\u2066',
  '\u200b\u200d',
  '\ud800',
  '日本語',
  '👩‍👩‍👧',
  'e\u0301\u0301',
  '\u007f',
  '\u2028',
  'plain',
];

function hostileStrings(count: number): string[] {
  const next = random(4);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + Math.floor(next() * 4) }, () => PIECES[Math.floor(next() * PIECES.length)]).join(
      '',
    ),
  );
}

function fakeTerminal(columns: number, rows: number) {
  const written: string[] = [];
  const nothing = () => undefined;
  const write = (text: string) => {
    written.push(text);
    return true;
  };
  return { stream: { columns, rows, write, once: nothing, on: nothing, off: nothing }, written };
}

/** All that the app itself ever writes: cursor, colours, erasing, its modes. */
const OWN = /\u001b\[(?:\d+;\d+H|\d*C|[\d;]*m|K|2J|H|\?(?:1049|25|7|2004|2026)[hl])/g;
const ACTS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}]/u;

function hostileEvents(strings: readonly string[], from: number): RunEvent[] {
  return strings.map((text, i) => ({
    index: from + i,
    at: '2025-11-22T20:00:00.000Z',
    virtualMs: i,
    type: ['book.ok', 'fault', 'note', 'violation', text.slice(0, 90) || 'x'][i % 5] ?? 'x',
    actor: text,
    data: { op: i, slot: text, reason: text, name: text, message: text, invariant: text, [text]: text },
  }));
}

const SIZES = [
  [80, 24],
  [120, 40],
] as const;

describe('2,000 hostile strings', () => {
  test.each(SIZES)(
    'through every view at %i columns and %i rows leave only our own codes',
    async (columns, rows) => {
      const { stream, written } = fakeTerminal(columns, rows);
      const screen = createScreen(stream);
      screen.enter();
      const mounted = mount(screen, null, fakeKeyboard());
      const strings = hostileStrings(2_000);
      const onStroke = () => {};
      const draw = (state: State) => mounted.draw(createElement(App, { state, onStroke }));
      const perRound = 250;
      for (let at = 0; at < strings.length; at += perRound) {
        const some = strings.slice(at, at + perRound);
        let state = hostileState(some, { columns, rows });
        for (const view of VIEW_IDS) {
          state = { ...state, view, notice: null, overlay: null, job: null };
          draw(state);
          draw({ ...state, notice: some[1] ?? '', events: { ...state.events, cursor: 3, isOpen: true } });
          draw({ ...state, job: { title: 'shrink', lines: some, exitCode: null } });
          draw({ ...state, input: { purpose: 'filter', text: some[2] ?? '', error: some[3] ?? null } });
        }
        draw({ ...state, view: 'forensics', forensics: { ...state.forensics, tab: 'bundle' } });
        mounted.draw(createElement(RunsApp, { state: hostileRuns(some, { columns, rows }), onStroke }));
        for (const kind of ['harness-lost', 'adapter-error'] as const) {
          let state = hostileLoss(some, kind, { columns, rows });
          for (const view of VIEW_IDS) draw({ ...state, view });
          state = reduce(state, { type: 'intent', intent: 'show-forensics' });
          draw(reduce(state, { type: 'intent', intent: 'shrink' }));
        }
        const known = hostileCampaign(some, { columns, rows });
        for (const view of ['findings', 'course', 'shards', 'reached'] as const)
          mounted.draw(createElement(CampaignApp, { view: { ...known, view }, onStroke }));
        screen.draw(openingPicture({ columns, rows }, some[0] ?? '', some[1] ?? ''));
      }
      await Promise.race([mounted.crashed, new Promise((resolve) => setImmediate(resolve))]);
      mounted.unmount();
      screen.leave();
      const foreign = written.join('').replace(OWN, '');
      expect(ACTS.exec(foreign)?.[0]).toBeUndefined();
      expect(foreign).toContain('␛[2J');
    },
  );
});

function hostileState(some: readonly string[], size: { columns: number; rows: number }): State {
  const [a = '', b = '', c = ''] = some;
  const run = recordedRun({ scenario: a, target: b, runner: c });
  const events = hostileEvents(some, 0);
  const begun = initialState({ run, size, nowMs: 0, owns: true, hosted: false, exitOnEnd: false });
  const link = { status: 'reconnecting', attempt: 1, error: a, retryInMs: 1 } as const;
  const frames = events.map((data) => ({ frame: 'event', data }) as const);
  const metrics = { ...recordedMetrics(10), [a]: 1, [b]: 2 };
  const start = {
    frame: 'event',
    data: {
      ...hostileEvents(some, 0)[0],
      index: 0,
      type: 'start',
      data: { charts: [{ title: a, metric: b }] },
    },
  } as Frame;
  const told = reduce({ ...begun, link }, { type: 'frames', frames: [start, ...frames], nowMs: 0 });
  const snapshot = {
    frame: 'snapshot',
    data: { index: 10, at: '2025-11-22T20:00:00.000Z', metrics },
  } as const;
  const end = endFrame(some.length, 'FAIL');
  if (end.data.failure !== null)
    end.data.failure = { ...end.data.failure, message: a, invariant: b, reproduce: c };
  const ended = reduce(told, { type: 'frames', frames: [snapshot, end], nowMs: 0 });
  const bundle = recordedForensic({
    message: a,
    invariant: b,
    object: c,
    actual: some.slice(0, 20),
    expected: { [a]: b },
    difference: some.slice(0, 20),
    faultsActive: some.slice(20, 30),
    reproduce: c,
    rules: { rules: {}, learned: { keys: a, capacity: b } },
    lastEvents: events.slice(0, 50).map((event) => ({ ...event })),
    history: recordedForensic().history.map((each) => ({
      ...each,
      actor: a,
      call: { operation: b },
      answer: c,
    })),
    process: { lines: some.slice(0, 10) },
  });
  const city = {
    index: some.length,
    virtualMs: 0,
    slots: some
      .slice(0, 9)
      .map((id) => ({ id, capacity: 2, open: true, bookings: [{ id: a, citizen: b }], uncertain: 0 })),
  };
  return {
    ...ended,
    forensics: { ...ended.forensics, bundle },
    replay: { ...ended.replay, cities: new Map([[city.index, city]]) },
  };
}

/** A run that was lost twice before it ended with a diagnosis. */
function hostileLoss(
  some: readonly string[],
  kind: 'harness-lost' | 'adapter-error',
  size: { columns: number; rows: number },
): State {
  const [a = '', b = '', c = ''] = some;
  const bundle = recordedDiagnosis({
    ...{ kind, message: a, invariant: b, reproduce: c },
    process: { [a]: b, stderr: some.slice(0, 10), code: { [b]: c } },
  });
  const lostAttempts = [lostAttempt(1, 3, a), lostAttempt(2, 5, b), lostAttempt(3, 9, c)];
  const run = diagnosedRun(bundle, { stopReason: a, lostAttempts });
  const begun = initialState({ run, size, nowMs: 0, owns: false, hosted: false, exitOnEnd: false });
  return reduce(begun, { type: 'frames', frames: [diagnosedEnd(run)], nowMs: 0 });
}

function hostileCampaign(some: readonly string[], size: { columns: number; rows: number }): CampaignView {
  const [a = '', b = '', c = ''] = some;
  const failed = recordedRun({
    ...{ scenario: a, target: b, campaign: c, status: 'FAIL' },
    failForensic: recordedForensic({ invariant: a, message: b, reproduce: c }),
  });
  const campaign = recordedCampaign({
    ...{ name: c, scenario: a, target: b, reached: { [a]: 0, [b]: 3 } },
    shardsToSee: [
      recordedShard({ runner: a }),
      recordedShard({ number: 2, state: 'lost', why: b }),
      recordedShard({ number: 3, runner: c }),
    ],
  });
  const work = { campaign: c, shard: 1 };
  const runners = [recordedRunner({ name: a, host: b, version: c, labels: [a, b], work })];
  const picture = { ...pictureOfRuns(c, [failed]), campaign, runners };
  const rows = picture.rows.map((row) => ({ ...row, why: a }));
  return { ...initialCampaign({ ...picture, rows }, 'stored', size), said: some.slice(0, 5), notice: b };
}

function hostileRuns(some: readonly string[], size: { columns: number; rows: number }): RunsState {
  const [a = '', b = '', c = ''] = some;
  const run = recordedRun({
    scenario: a,
    target: b,
    runner: c,
    campaign: a,
    stopReason: b,
    status: 'FAIL',
    failForensic: recordedForensic({ invariant: a, message: b, reproduce: c }),
  });
  return {
    ...initialRuns({ size, nowMs: 0, readOnly: false, hosted: false, hasHome: false, form: null }),
    runs: [run, { ...hostileLoss(some, 'harness-lost', size).data.run, id: 'another' }],
    next: null,
    problem: a,
    notice: b,
  };
}
