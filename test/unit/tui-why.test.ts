import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import xterm from '@xterm/headless';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { App } from '../../cli/tui/app.tsx';
import { mount } from '../../cli/tui/mount.tsx';
import { createScreen } from '../../cli/tui/screen.ts';
import { needsOf } from '../../cli/tui/state/needs.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State } from '../../cli/tui/state/state.ts';
import {
  type Explanation,
  type Forensic,
  runConfigSchema,
  type Smallest,
  whySchema,
} from '../../server/contract/index.ts';
import { fakeKeyboard } from '../helpers/fake-keyboard.ts';
import { diagnosedRun, recordedForensic } from '../helpers/recorded-failure.ts';

const why = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);

const smallest: Smallest = {
  ...{ version: 1, scenario: 'bookings', target: 'postgres', seed: 7, config: runConfigSchema.parse({}) },
  ...{ operations: 2, operationsBefore: 90, faults: [], wire: [], kind: 'invariant', actual: 3, expected: 2 },
  ...{ invariant: 'no-overbooking', message: 'Too many.', minimal: true, failsOtherwise: 0 },
  story: [{ step: 1, virtualMs: 1, actor: 'ann', operation: 'book s ann k-1', what: 'asks', answer: '' }],
  ...{ reproduce: 'npx simcity run --seed 7 --reduction ops=1', reproduced: { times: 17, of: 20 } },
  ...{ executions: 80, seconds: 4 },
};

function forensics(
  columns: number,
  rows: number,
  explanation: Explanation | null,
  changes: Partial<Forensic> = {},
): State {
  const run = diagnosedRun(recordedForensic(changes), { status: 'FAIL' });
  const size = { columns, rows };
  const init = initialState({ run, size, nowMs: 0, owns: false, hosted: false, exitOnEnd: false });
  return reduce({ ...init, view: 'forensics' }, { type: 'task', kind: 'explain', task: explanation });
}

const press = (state: State, ...keys: string[]) =>
  keys.reduce((before, key) => reduce(before, { type: 'stroke', key, text: key }), state);

/** What a terminal shows. */
async function shown(state: State): Promise<string[]> {
  const { columns, rows } = state.size;
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  const stream = Object.assign(new EventEmitter(), { columns, rows, writableNeedDrain: false, write });
  const screen = createScreen(stream);
  screen.enter();
  const picture = createElement(App, { state, onStroke: () => {} });
  const mounted = mount(screen, picture, fakeKeyboard());
  mounted.draw(picture);
  mounted.unmount();
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(written.join(''), resolve));
  const line = (_: unknown, i: number) => terminal.buffer.active.getLine(i)?.translateToString(true) ?? '';
  return Array.from({ length: rows }, line);
}

describe('why it broke in the Forensics view', () => {
  it.each([
    [80, 24],
    [120, 40],
  ])('comes first at %ix%i', async (columns, rows) => {
    const lines = await shown(forensics(columns, rows, { state: 'ready', result: why }));
    const first = lines.findIndex((line) => line.includes('WHY  book citizen-021 counted'));
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(6);
  });

  it('is stepped through with n and p, and asks for the city at the step', () => {
    const first = press(forensics(120, 40, { state: 'ready', result: why }), 'n');
    expect(first.forensics.whyStep).toBe(1);
    expect(needsOf(first)).toContainEqual({ kind: 'city', at: 96, key: 'city 96' });
    const second = press(first, 'n');
    expect([second.forensics.whyStep, press(second, 'p').forensics.whyStep]).toEqual([3, 1]);
  });

  it.each([
    [80, 24],
    [120, 40],
  ])('has the city beside the step at %ix%i', async (columns, rows) => {
    const lines = await shown(
      press(forensics(columns, rows, { state: 'ready', result: why }), 'n', 'n', 'n', 'n'),
    );
    expect(lines.some((line) => line.includes('City'))).toBe(true);
    expect(lines.some((line) => line.includes('◀ read'))).toBe(true);
  });

  it('says how far the explaining is, or why there is none', async () => {
    const progress = { stage: 'turning', executions: 7, operations: null, seconds: 0 };
    const pending = await shown(forensics(120, 40, { state: 'pending', progress }));
    expect(pending.join('\n')).toContain('Looking for why it broke: turning, 7 executions so far.');
    const none = await shown(forensics(120, 40, { state: 'none', reason: 'cancelled' }));
    expect(none.join('\n')).toContain('Not explained: cancelled');
    const nobody = press(forensics(120, 40, null), 'n');
    expect(nobody.notice).toContain('simcity explain');
  });
});

describe('the smallest reproduction in the Forensics view', () => {
  const shownText = async (state: State) => (await shown(state)).join('\n');

  it.each([
    [80, 24],
    [120, 40],
  ])('opens with the run at %ix%i; a key shows the whole run', async (columns, rows) => {
    const state = forensics(columns, rows, null, { smallest: { ...smallest } });
    const first = await shownText(state);
    expect(first).toContain('Smallest reproduction  2 of 90 operations');
    expect(first).toContain('book s ann k-1');
    expect(first).toContain('e shows the whole run');
    expect(first).not.toContain('History of');
    const whole = await shownText(press(state, 'e'));
    expect(whole).not.toContain('e shows the whole run');
    expect(await shownText(press(state, 'e', 'end'))).toContain('cancel.refused');
  });

  it('has no table where the lanes tell the same', async () => {
    const state = forensics(120, 60, { state: 'ready', result: why }, { smallest: { ...smallest } });
    const text = await shownText(state);
    expect(text).toContain('Smallest reproduction  2 of 90 operations');
    expect(text).not.toContain('book s ann k-1');
  });

  it('shows the whole run where none is known', async () => {
    expect(await shownText(forensics(120, 40, null))).toContain('History of slot-003');
  });
});
