/** The list of runs of the terminal: what it tells, and how it is narrowed by typing. */
import { describe, expect, test } from 'vitest';
import { filterRuns } from '../../cli/run/run-search.ts';
import { textOf } from '../../cli/tui/paint/line.ts';
import { type RunsAction, reduceRuns } from '../../cli/tui/runs/reducer.ts';
import { keysOf, listLines } from '../../cli/tui/runs/runs-app.tsx';
import { initialRuns, listedRuns, type RunsState } from '../../cli/tui/runs/state.ts';
import { type Run, runConfigSchema } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

const run = (number: number, changes: Partial<Run> = {}) =>
  recordedRun({ number, id: `${RUN_ID.slice(0, -2)}${number}`, ...changes });

const RUNS = [
  run(21, { target: 'memory', seed: 3 }),
  run(20, {
    status: 'FAIL',
    pass: false,
    seed: 9,
    config: runConfigSchema.parse({
      bug: 'check-then-insert',
      faults: 'brutal',
      faultRates: { 'drop-response': 0.02 },
    }),
    failForensic: recordedForensic({ invariant: 'no-overbooking' }),
  }),
  run(12, { status: 'PASS', pass: true, seed: 5, campaign: 'nightly' }),
];

const list = (columns = 80) =>
  reduceRuns(
    initialRuns({
      size: { columns, rows: 24 },
      nowMs: 0,
      readOnly: false,
      hosted: false,
      hasHome: false,
      form: null,
    }),
    { type: 'page', runs: RUNS, next: null, isFirst: true, nowMs: Date.parse(RUNS[0]!.createdAt) + 60_000 },
  );

const type = (state: RunsState, ...keys: string[]) =>
  keys.reduce(
    (next, key) => reduceRuns(next, { type: 'stroke', key, text: key.length === 1 ? key : '' }),
    state,
  );
const numbers = (state: RunsState) => listedRuns(state).map(({ number }) => number);

describe('the list', () => {
  test.each([80, 120, 200])('tells number, target, bug, faults and what broke at %i columns', (columns) => {
    const lines = listLines(list(columns), columns, 10).map(textOf);
    expect(lines[1]).toMatch(/STATE +RUN +.*TARGET +BUG +FAULTS .*FAILURE/);
    const failed = lines.find((line) => line.includes('#20')) ?? '';
    expect(failed).toMatch(/● FAIL +#20 .*postgres +check-then-insert +brutal.*no-overbooking/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test('offers to stop what goes on, and nothing else', () => {
    const offers = (state: RunsState) => keysOf(state).keys.some(({ intent }) => intent === 'ask-stop');
    expect(offers(list())).toBe(true);
    expect(offers(type(list(), 'down'))).toBe(false);
  });

  test('says that a run is being stopped until it has ended', () => {
    const stopping = type(list(), 's', 'y');
    expect(stopping.notice).toBe('Stopping the run.');
    const page = (status: Run['status']): RunsAction => ({
      ...{ type: 'page', next: null, isFirst: true, nowMs: 0 },
      runs: [run(21, { status })],
    });
    expect(reduceRuns(stopping, page('STOPPING')).notice).toBe('Stopping the run.');
    expect(reduceRuns(stopping, page('STOPPED')).notice).toBeNull();
  });
});

describe('a filter', () => {
  test('narrows the list as it is typed, in the order that was chosen', () => {
    const typing = type(list(), 'o', '/', 'p', 'o', 's', 't');
    expect(typing).toMatchObject({ search: 'post', isTyping: true });
    expect(numbers(typing)).toEqual([20, 12]);
    expect(numbers({ ...typing, order: 'seed' })).toEqual([12, 20]);
    expect(keysOf(typing).said).toEqual({ text: 'filter: post▏', as: 'input' });
    const taken = type(typing, 'enter', 'down');
    expect(taken).toMatchObject({ search: 'post', isTyping: false, chosen: RUNS[2]!.id });
    expect(numbers(type(taken, 'escape'))).toEqual([21, 20, 12]);
    expect(type(typing, 'escape')).toMatchObject({ search: '', isTyping: false });
    expect(type(typing, 'backspace', 'ctrl+u')).toMatchObject({ search: '', isTyping: true });
    expect(type(typing, 'ctrl+c').leaving).toEqual({ to: 'quit' });
  });

  test('asks for older runs while it leaves less than a screen', () => {
    const more = { ...list(), next: RUN_ID };
    expect(type(more, '/', 'x').effects).toMatchObject([{ do: 'more' }]);
    expect(type({ ...list(), next: null }, '/', 'x').effects).toEqual([]);
  });

  test('says when nothing matches', () => {
    const lines = listLines(type(list(), '/', 'z', 'z'), 80, 10).map(textOf);
    expect(lines.join('\n')).toContain('no run matches; Esc shows all');
  });

  test.each([
    ['', [21, 20, 12]],
    ['#2', [21, 20]],
    ['#12', [12]],
    ['bug:check', [20]],
    ['target:memory', [21]],
    ['state:pass', [12]],
    ['why:overbooking faults:brutal', [20]],
    ['faults:drop-response', [20]],
    ['seed:5', [12]],
    ['NIGHTLY', [12]],
    ['bug:memory', []],
    [RUN_ID.slice(0, 8), [21, 20, 12]],
  ] as const)('%j means %j', (text, found) => {
    expect(filterRuns(RUNS, text).map(({ number }) => number)).toEqual(found);
  });
});
