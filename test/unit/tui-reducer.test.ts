import { describe, expect, test } from 'vitest';
import { waitingText } from '../../cli/run/attempts.ts';
import { checkRows } from '../../cli/run/checks.ts';
import { EVENTS_KEPT } from '../../cli/run/fold-frames.ts';
import {
  brokenOf,
  elapsedMs,
  eventsBehind,
  failureOf,
  heartbeatAgeMs,
  metricRows,
  outcomeOfData,
  progressOf,
  readOccasion,
  shown,
} from '../../cli/run/picture.ts';
import {
  EMPTY_TIMELINE,
  extendTimeline,
  mergePast,
  POINTS_KEPT,
  risesOf,
  samplePoints,
} from '../../cli/run/timeline.ts';
import { keyBarProps } from '../../cli/tui/app.tsx';
import type { Intent } from '../../cli/tui/input/intents.ts';
import { type Need, needsOf } from '../../cli/tui/state/needs.ts';
import { type Action, reduce } from '../../cli/tui/state/reducer.ts';
import { type InitialState, initialState, type State } from '../../cli/tui/state/state.ts';
import { headerParts } from '../../cli/tui/views/header-parts.ts';
import type { Frame, Run } from '../../server/contract/index.ts';
import {
  adapterDiagnosis,
  diagnosedEnd,
  diagnosedRun,
  lostAttempt,
  recordedDiagnosis,
} from '../helpers/recorded-failure.ts';
import {
  endFrame,
  heartbeat,
  historyFrames,
  recordedMetrics,
  recordedRun,
  violationEvent,
} from '../helpers/recorded-run.ts';

const NOW = 1_000_000;

function start(changes: Partial<InitialState> = {}): State {
  const size = { columns: 80, rows: 24 };
  return initialState({
    run: recordedRun(),
    size,
    nowMs: NOW,
    owns: true,
    hosted: false,
    exitOnEnd: false,
    ...changes,
  });
}

const frames = (...list: Frame[]): Action => ({ type: 'frames', frames: list, nowMs: NOW });
const play = (state: State, ...actions: (Action | Intent)[]) =>
  actions.reduce(
    (current, action) =>
      reduce(current, typeof action === 'string' ? { type: 'intent', intent: action } : action),
    state,
  );

describe('frames', () => {
  test('events, snapshots and heartbeats become what is shown', () => {
    const { data } = play(start(), frames(...historyFrames(0, 100), heartbeat(104)));
    expect(data.eventIndex).toBe(104);
    expect(data.events).toHaveLength(101);
    expect(data.metrics).toEqual(recordedMetrics(104));
    expect(data.timeline.points).toHaveLength(11);
    expect(data.eventsPerSecond).toBe(1482);
  });

  test('old history does not overwrite newer metrics', () => {
    const { data } = play(start(), frames(heartbeat(500)), frames(...historyFrames(0, 100)));
    expect(data.metrics).toEqual(recordedMetrics(500));
    expect(data.eventIndex).toBe(500);
  });

  test('what a thin link passed over is counted, and told apart from what was counted', () => {
    const skipped: Frame = { frame: 'skipped', data: { from: 0, to: 79, events: 80 } };
    const { data } = play(start(), frames(skipped, ...historyFrames(80, 100)));
    expect(data.eventIndex).toBe(100);
    expect(data.tally).toMatchObject({ passedOver: 80, since: 80 });
    expect(data.events).toHaveLength(21);
  });

  test('changes are told between heartbeats', () => {
    const state = play(start(), frames(heartbeat(90)), frames(heartbeat(180)));
    const cancellations = metricRows(state.data).find(({ name }) => name === 'cancellations');
    expect(cancellations).toEqual({ name: 'cancellations', value: 20, change: 10 });
  });

  test('memory stays flat over a long run', () => {
    let state = start();
    for (let from = 0; from < 60_000; from += 1_000) {
      state = play(state, frames(...historyFrames(from, from + 999)));
    }
    expect(state.data.events).toHaveLength(EVENTS_KEPT);
    expect(state.data.timeline.points.length).toBeLessThanOrEqual(POINTS_KEPT);
    expect(state.data.events.at(-1)?.index).toBe(59_999);
  });

  test('a violation shows before the verdict, and the verdict completes it', () => {
    const broken = play(start(), frames({ frame: 'event', data: violationEvent(7) }));
    expect(failureOf(broken.data)).toMatchObject({ invariant: 'no-overbooking', eventIndex: 7 });
    const ended = play(broken, frames(endFrame(8, 'FAIL')));
    expect(failureOf(ended.data)).toMatchObject({ reproduce: expect.stringContaining('--seed 42') });
    expect(ended.data.status).toBe('FAIL');
    expect(ended.leaving).toBeNull();
  });

  test('a late heartbeat does not undo the end', () => {
    const state = play(start(), frames(endFrame(8, 'PASS')), frames(heartbeat(8, 'RUNNING')));
    expect(state.data.status).toBe('PASS');
    expect(elapsedMs(state)).toBeCloseTo(12_408);
    expect(heartbeatAgeMs(state)).toBeNull();
  });

  test('a heartbeat does not tell an end before the end does', () => {
    const lost = diagnosedRun(recordedDiagnosis());
    const ending = play(start(), frames(heartbeat(8)), frames(heartbeat(9, 'STOPPED')));
    expect(outcomeOfData(ending.data)).toBe('RUNNING');
    expect(outcomeOfData(play(ending, frames(diagnosedEnd(lost))).data)).toBe('LOST');
  });

  test('times follow the clock of the server, however wrong this one is', () => {
    const state = play(start(), frames(...historyFrames(0, 10), heartbeat(100)));
    expect(elapsedMs(state)).toBe(100 * 8 + 300);
    expect(heartbeatAgeMs(state)).toBe(300);
    expect(heartbeatAgeMs(play(state, { type: 'tick', nowMs: NOW + 2_000 }))).toBe(2_300);
  });
});

/** Needs of the run itself. */
const runNeeds = (state: State) => needsOf(state).filter(({ kind }) => kind === 'run');
/** Answers what is needed of the run with `run`. */
const answered = (state: State, run: Run) =>
  runNeeds(state).reduce(
    (now, need: Need) => play(now, { type: 'answer', need, answer: { kind: 'run', run } }),
    state,
  );
const said = (state: State) =>
  headerParts(state)
    .map(({ text }) => text)
    .filter((text) => text !== '');

describe('a run that is executed again', () => {
  const again = recordedRun({ status: 'QUEUED', lostAttempts: [lostAttempt(1, 100)] });
  const begun = () => play(start(), frames(...historyFrames(0, 100), heartbeat(100)));
  const queued = () => play(begun(), frames(heartbeat(100, 'QUEUED')));

  test('is read again when it is queued, once, and says which attempt comes', () => {
    expect(runNeeds(begun())).toEqual([]);
    expect(said(queued())).toContain('waiting to be executed again');
    expect(runNeeds(queued())).toEqual([
      { kind: 'run', occasion: 'queued 1', isMissed: false, key: 'run queued 1' },
    ]);
    expect(progressOf(begun())?.leftMs).not.toBeNull();
    expect(progressOf(queued())?.leftMs).toBeNull();
    const known = answered(queued(), again);
    expect(runNeeds(known)).toEqual([]);
    expect(said(known)).toContain(waitingText(again));
    expect(said(known).join()).not.toMatch(/♥|\/s/);
  });

  test('keeps its events and metrics, goes on where it was, and may be lost once more', () => {
    const known = answered(queued(), again);
    const running = play(known, frames(heartbeat(100)));
    expect(running.data).toMatchObject({ status: 'RUNNING', eventIndex: 100, requeues: 1 });
    expect(running.data.events).toHaveLength(101);
    expect(said(running)).toEqual(expect.arrayContaining(['● RUNNING', 'attempt 2', 'event 100']));
    const further = play(running, frames(...historyFrames(101, 150), heartbeat(150)));
    expect(further.data.eventIndex).toBe(150);
    expect(further.data.events.map(({ index }) => index)).toEqual(Array.from({ length: 151 }, (_, i) => i));
    const twice = play(further, frames(heartbeat(150, 'QUEUED')), frames(heartbeat(150, 'QUEUED')));
    expect(runNeeds(twice)).toMatchObject([{ occasion: 'queued 2' }]);
    const ended = play(twice, frames(heartbeat(150)), frames(endFrame(151, 'PASS')));
    expect(ended.data).toMatchObject({ status: 'PASS', requeues: 2 });
  });

  test('is read again as well when its history stands still, for the queue may have been too short to see', () => {
    const later = (state: State, ms: number) => play(state, { type: 'tick', nowMs: NOW + ms });
    expect(readOccasion(begun().data, NOW + 4_999)).toBeNull();
    const still = later(begun(), 5_000);
    expect(runNeeds(still)).toMatchObject([{ occasion: 'still 100 1' }]);
    const known = answered(still, recordedRun({ lostAttempts: [lostAttempt(1, 100)] }));
    expect(runNeeds(later(known, 9_999))).toEqual([]);
    expect(said(known)).toContain('attempt 2');
    expect(runNeeds(later(known, 10_000))).toMatchObject([{ occasion: 'still 100 2' }]);
    expect(readOccasion(start().data, NOW + 60_000)).toBeNull();
  });

  test('is read at its end, which tells all attempts', () => {
    const ended = play(begun(), frames(endFrame(101, 'PASS')));
    expect(runNeeds(ended)).toMatchObject([{ occasion: 'end' }]);
    const known = answered(
      ended,
      recordedRun({ status: 'PASS', pass: true, lostAttempts: [lostAttempt(1, 100)] }),
    );
    expect(runNeeds(known)).toEqual([]);
    expect(said(known)).toEqual(
      expect.arrayContaining(['● PASS', 'attempt 2', '(the first was lost at event 100: harness-lost)']),
    );
  });

  test('first waits for any runner, which is nothing new', () => {
    const fresh = play(start({ run: recordedRun({ status: 'QUEUED' }) }), frames(heartbeat(-1, 'QUEUED')));
    expect(fresh.data.requeues).toBe(0);
    expect(runNeeds(fresh)).toEqual([]);
    expect(said(fresh).join()).not.toContain('again');
  });
});

describe('a run that says nothing about the service', () => {
  test.each([
    ['LOST', diagnosedRun(recordedDiagnosis())],
    ['ADAPTER ERROR', diagnosedRun(adapterDiagnosis({ eventIndex: 900 }))],
  ] as const)('%s breaks no check, and has nothing to verify or shrink', (outcome, run) => {
    const ended = play(start(), frames(...historyFrames(0, 901), diagnosedEnd(run)));
    expect(outcomeOfData(ended.data)).toBe(outcome);
    expect(said(ended)).toContain(`● ${outcome}`);
    expect(failureOf(ended.data)?.message).toBe(run.failForensic?.message);
    expect(brokenOf(ended.data)).toBeNull();
    expect(checkRows(ended.data).filter(({ state }) => state === 'broken')).toEqual([]);
    expect(runNeeds(ended)).toMatchObject([{ occasion: 'end', isMissed: true }]);
    const known = answered(ended, run);
    expect(known.forensics.bundle).toBe(run.failForensic);
    const forensics = play(known, 'show-forensics');
    for (const intent of ['verify', 'shrink'] as const) {
      expect(play(forensics, intent)).toMatchObject({
        job: null,
        effects: [],
        notice: `The run ended as ${outcome}: there is nothing to ${intent}.`,
      });
    }
    expect(play(forensics, 'replay-here').view).toBe('replay');
  });

  test('keeps what a violation before the end has shown', () => {
    const run = diagnosedRun(recordedDiagnosis());
    const state = play(start(), frames({ frame: 'event', data: violationEvent(7) }, diagnosedEnd(run)));
    expect(failureOf(state.data)?.message).toBe(run.failForensic?.message);
    expect(brokenOf(state.data)).toMatchObject({ invariant: 'no-overbooking' });
  });

  test('got as far as it got, like all but a PASS', () => {
    const share = (state: State) => progressOf(state)?.share;
    const begun = play(start(), frames(...historyFrames(0, 800), heartbeat(800)));
    expect(share(play(begun, frames(diagnosedEnd(diagnosedRun(recordedDiagnosis())))))).toBe(0.2);
    expect(share(play(begun, frames(endFrame(801, 'FAIL'))))).toBe(0.2);
    expect(share(play(begun, frames(endFrame(801, 'PASS'))))).toBe(1);
  });

  test('is told apart from one that somebody stopped', () => {
    const stopped = play(start(), frames(endFrame(9, 'STOPPED')));
    expect(said(stopped)).toContain('● STOPPED');
    expect(failureOf(stopped.data)).toBeNull();
  });
});

describe('keys', () => {
  test('pause freezes the picture while the run goes on', () => {
    const paused = play(start(), frames(heartbeat(50)), 'toggle-pause', frames(heartbeat(80)));
    expect(shown(paused).eventIndex).toBe(50);
    expect(eventsBehind(paused)).toBe(30);
    expect(shown(play(paused, 'toggle-pause')).eventIndex).toBe(80);
  });

  test('a stop is sent only after a yes', () => {
    const asked = play(start(), 'ask-stop');
    expect(asked).toMatchObject({ overlay: 'confirm-stop', stopRequested: false });
    expect(play(asked, 'dismiss')).toMatchObject({ overlay: null, stopRequested: false });
    expect(play(asked, 'confirm')).toMatchObject({ overlay: null, stopRequested: true, leaveAtEnd: false });
  });

  test('an ended run is not stopped', () => {
    const state = play(start(), frames(endFrame(8, 'PASS')), 'ask-stop');
    expect(state).toMatchObject({ overlay: null, notice: 'The run has ended already.' });
  });

  test('a run that has ended is not being stopped, and offers neither to be stopped nor to be paused', () => {
    const stopping = play(start(), 'ask-stop', 'confirm');
    expect(stopping.notice).toBe('Stopping the run.');
    const ended = play(stopping, frames(endFrame(8, 'STOPPED')));
    expect(ended.notice).toBeNull();
    for (const view of ['live', 'checks'] as const) {
      const offered = (state: State) => keyBarProps({ ...state, view }).keys.map(({ intent }) => intent);
      expect(offered(start())).toEqual(expect.arrayContaining(['ask-stop', 'toggle-pause']));
      expect(offered(ended)).toEqual(expect.arrayContaining(['quit', 'toggle-help']));
      expect(offered(ended).filter((intent) => intent === 'ask-stop' || intent === 'toggle-pause')).toEqual(
        [],
      );
    }
  });

  test('a run that had ended before it was opened took as long as it took', () => {
    const run = recordedRun({ status: 'PASS', pass: true, durationSecondsActual: 12.4 });
    expect(elapsedMs(start({ run, nowMs: Date.parse(run.createdAt) + 86_400_000 }))).toBe(12_400);
    const at = (ms: number) => new Date(Date.parse(run.createdAt) + ms).toISOString();
    const lost = { ...run, durationSecondsActual: null, startedAt: at(500), endedAt: at(2_000) };
    expect(elapsedMs(start({ run: lost, nowMs: Date.parse(at(9_000)) }))).toBe(1_500);
  });

  test('a question goes away when the run ends by itself', () => {
    expect(play(start(), 'ask-stop', frames(endFrame(8, 'PASS'))).overlay).toBeNull();
  });

  test('a stop that failed can be asked for again', () => {
    const failed = play(start(), 'ask-stop', 'confirm', { type: 'stop-failed', text: 'no way' });
    expect(failed).toMatchObject({ stopRequested: false, notice: 'no way' });
  });

  test('q leaves, but asks first when leaving would stop the run', () => {
    expect(play(start(), 'quit').leaving).toBe('quit');
    const asked = play(start({ hosted: true }), 'quit');
    expect(asked).toMatchObject({ leaving: null, overlay: 'confirm-quit' });
    const stopping = play(asked, 'confirm');
    expect(stopping).toMatchObject({ stopRequested: true, leaving: null });
    expect(play(stopping, frames(endFrame(8, 'STOPPED'))).leaving).toBe('quit');
  });

  test('q closes the help first', () => {
    const state = play(start(), 'toggle-help', 'quit');
    expect(state).toMatchObject({ overlay: null, leaving: null });
  });

  test('the first Ctrl-C of run stops, the second leaves at once; in watch it only leaves', () => {
    const first = play(start(), 'interrupt');
    expect(first).toMatchObject({ stopRequested: true, leaving: null });
    expect(first.notice).toContain('again leaves at once');
    expect(play(first, 'interrupt').leaving).toBe('interrupt');
    const watching = play(start({ owns: false }), 'interrupt');
    expect(watching).toMatchObject({ stopRequested: false, leaving: 'interrupt' });
  });

  test('with --exit-on-end the verdict is the end', () => {
    expect(play(start({ exitOnEnd: true }), frames(endFrame(8, 'PASS'))).leaving).toBe('quit');
  });
});

describe('the timeline', () => {
  const points = (from: number, to: number, step: number) =>
    Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => ({
      index: from + i * step,
      virtualMs: from + i * step,
      metrics: { bookings: from + i * step },
    }));

  test('keeps the first and the newest point and the shape between', () => {
    const timeline = points(0, 999_990, 10).reduce(
      (all, point) => extendTimeline(all, [point]),
      EMPTY_TIMELINE,
    );
    expect(timeline.points.length).toBeLessThanOrEqual(POINTS_KEPT);
    const sampled = samplePoints(timeline, 50);
    expect(sampled).toHaveLength(50);
    expect(sampled[0]?.index).toBe(0);
    expect(sampled.at(-1)?.index).toBe(999_990);
    const gaps = sampled.slice(1).map((point, i) => point.index - (sampled[i]?.index ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(3 * (999_990 / 49));
  });

  test('the past that was fetched goes before what was streamed, once', () => {
    const streamed = extendTimeline(EMPTY_TIMELINE, points(500, 600, 10));
    const whole = mergePast(streamed, points(0, 520, 20));
    expect(whole.points.map(({ index }) => index)).toEqual([
      ...points(0, 480, 20).map(({ index }) => index),
      ...points(500, 600, 10).map(({ index }) => index),
    ]);
  });

  test('repeated and late points change nothing', () => {
    const timeline = extendTimeline(EMPTY_TIMELINE, points(0, 100, 10));
    expect(extendTimeline(timeline, points(0, 100, 10))).toBe(timeline);
  });

  test('rises of a counter are what came to it between two points', () => {
    const counted = [0, 3, 3, 8].map((faults, i) => ({ index: i * 10, virtualMs: i, metrics: { faults } }));
    expect(risesOf(counted, 'faults')).toEqual([0, 3, 0, 5]);
  });
});
