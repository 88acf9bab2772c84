/** How far a PASS was tested, and by which rules: in log lines, sentences, reports and views. */
import { createElement } from 'react';
import { describe, expect, test } from 'vitest';
import { forensicText } from '../../cli/output/forensic.ts';
import { summaryMarkdown } from '../../cli/output/github.ts';
import { createLogLines } from '../../cli/output/log-lines.ts';
import type { ReportData } from '../../cli/output/report/data.ts';
import { htmlReport } from '../../cli/output/report/html.ts';
import { jsonReport } from '../../cli/output/report/json.ts';
import { junitReport } from '../../cli/output/report/junit.ts';
import { createSentences } from '../../cli/output/sentences.ts';
import { styleFor } from '../../cli/output/style.ts';
import { summaryText } from '../../cli/output/verdict.ts';
import { closingLines } from '../../cli/run/closing.ts';
import { detailOf } from '../../cli/run/describe-event.ts';
import { EMPTY_TALLY, tallyEvents } from '../../cli/run/tally.ts';
import { App } from '../../cli/tui/app.tsx';
import { mount } from '../../cli/tui/mount.tsx';
import { createScreen } from '../../cli/tui/screen.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State } from '../../cli/tui/state/state.ts';
import { whatElse } from '../../cli/tui/views/forensic-lines.ts';
import { CONTRACT_RULES, type Frame, type RunEvent } from '../../server/contract/index.ts';
import { fakeKeyboard } from '../helpers/fake-keyboard.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { endFrame, recordedRun } from '../helpers/recorded-run.ts';

const CLOSING = {
  notTested: ['cancel', 'keys'],
  neverAcknowledged: ['close'],
  keysRepeated: { oldestMs: 12_000, oldestKeys: 340 },
  errorsWithoutCause: { book: { answers: 96, failed: 3, share: 0.0312 }, cancel: { share: 0 } },
};
const LINES = [
  'not tested: cancel, keys',
  'never acknowledged: close',
  'keys were repeated up to 12 s old and 340 keys later',
  'book: 3.1 % answered 5xx',
];
const RULES = {
  what: 'rules',
  rules: { ...CONTRACT_RULES, keys: false },
  sources: { keys: 'learned' },
  learned: { keys: 'a repeat was refused' },
};

const eventOf = (type: string, data: RunEvent['data']): RunEvent => ({
  ...{ index: 3, at: '2026-01-01T00:00:00.000Z', virtualMs: 1, type, actor: 'city', data },
});
const frameOf = (event: RunEvent): Frame => ({ frame: 'event', data: event }) as Frame;

describe('the lines', () => {
  test('say what was not tested, and how far the rest was', () => {
    expect(closingLines(CLOSING)).toEqual(LINES);
    expect(closingLines({ errorsWithoutCause: { book: { share: 0.0001 } } })).toEqual([
      'book: less than 0.1 % answered 5xx',
    ]);
    expect(closingLines({ keysRepeated: { oldestMs: 250, oldestKeys: 0 } })).toEqual([
      'keys were repeated up to 250 ms old and 0 keys later',
    ]);
  });

  test('are none where the end says nothing, or something odd', () => {
    expect(closingLines(null)).toEqual([]);
    expect(
      closingLines({ notTested: [], neverAcknowledged: [], keysRepeated: null, errorsWithoutCause: {} }),
    ).toEqual([]);
    expect(
      closingLines({ notTested: 'x', keysRepeated: { oldestMs: 'y' }, errorsWithoutCause: [1, 'a', null] }),
    ).toEqual([]);
    expect(closingLines({ notTested: ['a\u001b[2J\nb'] }).join('')).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('a PASS', () => {
  const run = recordedRun({ status: 'PASS', pass: true });
  const end = endFrame(9, 'PASS').data;

  test('says it in the summary, and a FAIL does not', () => {
    const text = summaryText(run, end, {}, styleFor(false), CLOSING);
    expect(text).toMatch(/^PASS .* {2}not tested: cancel, keys$/m);
    for (const line of LINES.slice(1)) expect(text).toContain(`\n  ${line}\n`);
    expect(summaryText(run, endFrame(9, 'FAIL').data, {}, styleFor(false), CLOSING)).not.toContain(
      'not tested',
    );
  });

  test('says it in log lines and sentences, once its end has come', () => {
    const lines = createLogLines(styleFor(false), () => 0);
    lines.frame(frameOf(eventOf('end', CLOSING)));
    expect(lines.verdict(run, end, styleFor(false)).join('\n')).toContain('not tested: cancel, keys');
    const sentences = createSentences(() => 0);
    sentences.frame(frameOf(eventOf('end', CLOSING)));
    expect(sentences.verdict(run, end, styleFor(false))).toEqual(
      expect.arrayContaining(['Not tested: cancel, keys.', 'Book: 3.1 % answered 5xx.']),
    );
  });

  const data: ReportData = {
    ...{ run, snapshots: [], charts: [], lastEvents: [], city: null, lost: null },
    closing: CLOSING,
    rules: RULES,
    why: null,
  };

  test.each([
    ['html', htmlReport],
    ['junit', junitReport],
    ['json', jsonReport],
    ['markdown', summaryMarkdown],
  ])('says it in the report %s, with the rules', (name, report) => {
    const text = report(data);
    expect(text).toContain('not tested: cancel, keys');
    expect(text).toContain('340 keys later');
    if (name === 'json') expect(JSON.parse(text).rules).toMatchObject({ sources: { keys: 'learned' } });
    else expect(text.replaceAll('\\', '')).toContain('keys: none (learned: a repeat was refused)');
    const without = report({ ...data, closing: null, rules: null });
    expect(without).not.toMatch(/not tested|a repeat was refused/);
  });
});

/** What a view shows, as text. */
async function drawn(view: State['view'], change: (state: State) => State): Promise<string> {
  const written: string[] = [];
  const nothing = () => undefined;
  const write = (text: string) => written.push(text) > 0;
  const screen = createScreen({ columns: 160, rows: 60, write, once: nothing, on: nothing, off: nothing });
  screen.enter();
  const mounted = mount(screen, null, fakeKeyboard());
  const size = { columns: 160, rows: 60 };
  const run = recordedRun({ target: 'http://127.0.0.1:3000' });
  const begun = initialState({ run, size, nowMs: 0, owns: true, hosted: false, exitOnEnd: false });
  const frames = [
    frameOf(eventOf('note', RULES)),
    frameOf({ ...eventOf('end', CLOSING), index: 4 }),
    endFrame(4, 'PASS'),
  ];
  const state = change({ ...reduce(begun, { type: 'frames', frames, nowMs: 0 }), view });
  mounted.draw(createElement(App, { state, onStroke: nothing }));
  mounted.unmount();
  screen.leave();
  return written.join('').replace(/\u001b\[(\d+)C/g, (_, times) => ' '.repeat(Number(times)));
}

describe('mission control', () => {
  test('says with the checks what was not tested, and on its first page too', async () => {
    const checks = await drawn('checks', (state) => state);
    for (const line of LINES) expect(checks).toContain(line);
    const live = await drawn('live', (state) => state);
    for (const line of [
      'not tested: cancel, keys',
      'keys were repeated up to 12 s',
      'book: 3.1 % answered 5xx',
    ])
      expect(live).toContain(line);
  });

  test('tells the rules with the checks, and with what broke', async () => {
    expect(await drawn('checks', (state) => state)).toContain('keys: none (learned: a repeat was refused)');
    const lines = whatElse(recordedForensic({ rules: RULES }), 100, 5).map((line) =>
      line.map(({ text }) => text).join(''),
    );
    expect(lines).toContain('  keys: none (learned: a repeat was refused)');
    expect(forensicText(recordedForensic({ rules: RULES }), 'FAIL', styleFor(false))).toContain(
      '  keys: none (learned: a repeat was refused)',
    );
    expect(forensicText(recordedForensic(), 'FAIL', styleFor(false))).not.toContain('Rules of the service');
  });
});

describe('the event that tells the rules', () => {
  const event = eventOf('note', RULES);

  test('is one compact line wherever events are listed', () => {
    expect(detailOf(event)).toBe('rules: keys: none (learned: a repeat was refused)');
    expect(createLogLines(styleFor(false), () => 0).frame(frameOf(event))).toEqual([
      `${event.at} rules event=3 keys: none (learned: a repeat was refused)`,
    ]);
    expect(createSentences(() => 0).frame(frameOf(event))).toEqual([
      'The rules of the service: keys: none (learned: a repeat was refused).',
    ]);
  });

  test('is kept for the views', () => {
    expect(tallyEvents(EMPTY_TALLY, [event]).rules).toEqual(RULES);
    expect(tallyEvents(EMPTY_TALLY, [eventOf('note', { what: 'audit' })]).rules).toBeNull();
  });
});
