/** The form of the terminal, by its keys. */
import { describe, expect, test } from 'vitest';
import { FORM_ROWS } from '../../cli/run/launch-form.ts';
import {
  choicesHere,
  EMPTY_FORM,
  type Form,
  formOf,
  launchOfForm,
  placeHere,
  typeInForm,
} from '../../cli/tui/runs/form.ts';
import { reduceRuns } from '../../cli/tui/runs/reducer.ts';
import { initialRuns } from '../../cli/tui/runs/state.ts';
import { BUGS, namesOf, type RunSettingName, STRATEGIES } from '../../server/contract/index.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const at = (name: RunSettingName, values: Form['values'] = {}): Form => ({
  ...EMPTY_FORM,
  values,
  at: FORM_ROWS.findIndex(([each]) => each === name),
});

const press = (form: Form, ...keys: string[]): Form =>
  keys.reduce((next, key) => typeInForm(next, key, '') ?? next, form);

/** What a field holds after each of so many keys. */
function walk(form: Form, name: RunSettingName, key: string, times: number): (string | undefined)[] {
  const seen: (string | undefined)[] = [];
  for (let next = form; seen.length < times; ) {
    next = press(next, key);
    seen.push(next.values[name]);
  }
  return seen;
}

describe('left and right go through the choices', () => {
  test('of a scenario', () => {
    expect(walk(at('scenario'), 'scenario', 'right', 3)).toEqual(['transfers', 'stays', 'tickets']);
    expect(walk(at('scenario'), 'scenario', 'left', 2)).toEqual(['tickets', 'stays']);
  });

  test('of bugs: those of the scenario and the target, and none', () => {
    const bookings = namesOf(BUGS.filter(({ scenario }) => scenario === 'bookings'));
    expect(walk(at('bug'), 'bug', 'right', bookings.length + 1)).toEqual([...bookings, '']);
    expect(walk(at('bug', { scenario: 'transfers' }), 'bug', 'left', 4)).toEqual([
      ...['torn-statement', 'no-idempotency', 'lost-update', ''],
    ]);
    expect(walk(at('bug', { target: 'memory' }), 'bug', 'right', 30)).not.toContain('late-key');
    expect(walk(at('bug', { target: 'http://h' }), 'bug', 'right', 2)).toEqual(['', '']);
  });

  test('of strategies, targets, faults and isolation levels, from the default or from what is typed', () => {
    const [first, second, third, fourth, ...others] = namesOf(STRATEGIES);
    expect(walk(at('strategy'), 'strategy', 'right', 6)).toEqual([fourth, ...others, first, second, third]);
    expect(walk(at('target'), 'target', 'right', 2)).toEqual(['memory', 'postgres']);
    expect(walk(at('target', { target: 'http://h' }), 'target', 'right', 1)).toEqual(['postgres']);
    expect(walk(at('target', { target: 'http://h' }), 'target', 'left', 1)).toEqual(['memory']);
    expect(walk(at('faults'), 'faults', 'left', 3)).toEqual(['calm', 'none', 'brutal']);
    expect(walk(at('isolation'), 'isolation', 'right', 1)).toEqual(['repeatable-read']);
  });

  test('and do nothing where any text may stand', () => {
    for (const name of ['seed', 'operations', 'faultRates', 'thresholds'] as const)
      expect(press(at(name), 'right').values).toEqual({});
  });

  test('each choice has its line', () => {
    const chosen = (form: Form) => choicesHere(form)[placeHere(form)];
    expect(chosen(press(at('bug'), 'right', 'right'))?.what).toMatch(/^Seats are counted/);
    expect(chosen(at('strategy'))?.name).toBe('ambush');
    expect(chosen(at('strategy', { strategy: 'foo' }))).toBe(undefined);
  });
});

describe('what no run can be', () => {
  test.each([
    [
      { bug: 'chek-then-insert' },
      'bug',
      'Known bug: bookings has no bug "chek-then-insert". Did you mean check-',
    ],
    [
      { bug: 'late-key', target: 'http://h:1' },
      'bug',
      'Known bug: the bug "late-key" is one of the built-in',
    ],
    [
      { strategy: 'ambusch' },
      'strategy',
      'Strategy: It takes one of random, pct, ambush, rivals, pos, surw. Did you mean',
    ],
    [
      { scenario: 'bookngs' },
      'scenario',
      'Scenario: It takes one of bookings, transfers, stays, tickets, or a file',
    ],
    [{ thresholds: 'ok>1, fast' }, 'thresholds', 'Thresholds: It takes a comparison'],
    [{ target: 'mysql' }, 'target', 'Target: It takes postgres, memory'],
  ] as const)('%j is refused at its field', (values, field, text) => {
    const form = launchOfForm({ ...EMPTY_FORM, values });
    if (!('form' in form)) throw new Error('it was taken');
    expect(form.form.error?.text).toContain(text);
    expect(FORM_ROWS[form.form.at]?.[0]).toBe(field);
  });

  test('by Enter, and nothing is launched', () => {
    const list = initialRuns({
      ...{
        size: { columns: 80, rows: 24 },
        nowMs: 0,
        readOnly: false,
        hosted: false,
        hasHome: false,
        form: null,
      },
    });
    const form = at('bug', { bug: 'chek-then-insert' });
    const state = reduceRuns({ ...list, form }, { type: 'stroke', key: 'enter', text: '' });
    expect(state.effects).toEqual([]);
    expect(state.form?.error?.text).toContain('Did you mean check-then-insert?');
    const right = reduceRuns(
      { ...list, form: at('bug', { bug: 'check-then-insert' }) },
      { type: 'stroke', key: 'enter', text: '' },
    );
    expect(right.effects).toMatchObject([{ do: 'launch', launch: { config: { bug: 'check-then-insert' } } }]);
  });
});

test('launching again brings every setting of the run along, but its seed', () => {
  const run = recordedRun();
  run.config = {
    ...run.config,
    thresholds: ['ok>1', 'p95_latency_ms<50'],
    faultRates: { delay: 0.5 },
    snapshotEvery: 7,
  };
  const again = launchOfForm(formOf(run));
  if (!('launch' in again)) throw new Error('it was refused');
  const { durationSeconds, rate, bug, rules, targets, instances } = run.config;
  const shown = FORM_ROWS.flatMap(([name]) =>
    name in run.config && !['durationSeconds', 'rate', 'bug', 'rules', 'targets'].includes(name)
      ? [name]
      : [],
  ) as (keyof typeof run.config)[];
  expect(shown).toEqual(expect.arrayContaining(['operations', 'thresholds', 'setupTimeoutSeconds']));
  expect(again.launch.config).toMatchObject(
    Object.fromEntries(shown.map((name) => [name, run.config[name]])),
  );
  expect(again.launch).not.toHaveProperty('seed');
  expect([durationSeconds, rate, bug]).toEqual([null, null, null]);
  // What is empty is left to the server, and nobody starts instances from a form.
  expect([rules, targets, instances]).toEqual([{}, [], 1]);
});
