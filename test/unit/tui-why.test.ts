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
import { type Explanation, whySchema } from '../../server/contract/index.ts';
import { fakeKeyboard } from '../helpers/fake-keyboard.ts';
import { diagnosedRun, recordedForensic } from '../helpers/recorded-failure.ts';

const why = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);

function forensics(columns: number, rows: number, explanation: Explanation | null): State {
  const run = diagnosedRun(recordedForensic(), { status: 'FAIL' });
  const size = { columns, rows };
  const init = initialState({ run, size, nowMs: 0, owns: false, hosted: false, exitOnEnd: false });
  return reduce({ ...init, view: 'forensics' }, { type: 'explanation', explanation });
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
    const lines = await shown(forensics(columns, rows, { state: 'ready', why }));
    const first = lines.findIndex((line) => line.includes('WHY  book citizen-021 counted'));
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(6);
  });

  it('is stepped through with n and p, and asks for the city at the step', () => {
    const first = press(forensics(120, 40, { state: 'ready', why }), 'n');
    expect(first.forensics.whyStep).toBe(1);
    expect(needsOf(first)).toContainEqual({ kind: 'city', at: 96, key: 'city 96' });
    const second = press(first, 'n');
    expect([second.forensics.whyStep, press(second, 'p').forensics.whyStep]).toEqual([3, 1]);
  });

  it.each([
    [80, 24],
    [120, 40],
  ])('has the city beside the step at %ix%i', async (columns, rows) => {
    const lines = await shown(press(forensics(columns, rows, { state: 'ready', why }), 'n', 'n', 'n', 'n'));
    expect(lines.some((line) => line.includes('City'))).toBe(true);
    expect(lines.some((line) => line.includes('◀ read'))).toBe(true);
  });

  it('says how far the explaining is, or why there is none', async () => {
    const progress = { stage: 'turning', executions: 7 };
    const pending = await shown(forensics(120, 40, { state: 'pending', progress }));
    expect(pending.join('\n')).toContain('Looking for why it broke: turning, 7 executions so far.');
    const none = await shown(forensics(120, 40, { state: 'none', reason: 'cancelled' }));
    expect(none.join('\n')).toContain('Not explained: cancelled');
    const nobody = press(forensics(120, 40, null), 'n');
    expect(nobody.notice).toContain('simcity explain');
  });
});
