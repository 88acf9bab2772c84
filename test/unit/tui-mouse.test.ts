/** The mouse: its reports told from keys, and what lies under it. */
import { createElement } from 'react';
import { afterEach, describe, expect, test } from 'vitest';
import { App } from '../../cli/tui/app.tsx';
import { createMouseReader, type MouseReport } from '../../cli/tui/input/mouse.ts';
import { mount } from '../../cli/tui/mount.tsx';
import { clickable, line, span } from '../../cli/tui/paint/line.ts';
import { Surface } from '../../cli/tui/paint/surface.ts';
import type { Pointing } from '../../cli/tui/paint/target.ts';
import { createScreen } from '../../cli/tui/screen.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State } from '../../cli/tui/state/state.ts';
import { fakeKeyboard } from '../helpers/fake-keyboard.ts';
import { heartbeat, historyFrames, recordedRun } from '../helpers/recorded-run.ts';

/** What comes of pieces that are read one after the other. */
function read(...pieces: string[]): { reports: MouseReport[]; keys: string } {
  const readMouse = createMouseReader();
  const all = pieces.map(readMouse);
  return { reports: all.flatMap(({ reports }) => reports), keys: all.map(({ rest }) => rest).join('') };
}
const PRESS = { what: 'press', column: 9, row: 4 };

describe('reports', () => {
  test('of the left button, its drags and the wheel; others mean nothing, and none is keys', () => {
    expect(read('\u001b[<0;10;5M\u001b[<32;11;5M\u001b[<0;11;5m\u001b[<64;1;1M\u001b[<65;1;1M')).toEqual({
      reports: [
        PRESS,
        { what: 'drag', column: 10, row: 4 },
        { what: 'wheel-up', column: 0, row: 0 },
        { what: 'wheel-down', column: 0, row: 0 },
      ],
      keys: '',
    });
    expect(read('\u001b[<2;10;5M\u001b[<4;10;5M\u001b[<35;10;5M')).toEqual({ reports: [], keys: '' });
  });

  test('that are cut anywhere behind their escape character are put together', () => {
    const report = '\u001b[<0;10;5M';
    for (let at = 2; at < report.length; at++)
      expect(read(`j${report.slice(0, at)}`, `${report.slice(at)}k`)).toEqual({
        reports: [PRESS],
        keys: 'jk',
      });
    expect(read('\u001b', '[<0;10;5M').reports).toEqual([PRESS]);
  });

  test('keys beside them stay, Esc at once', () => {
    expect(read('j\u001b[<0;10;5M\u001b[A')).toEqual({ reports: [PRESS], keys: 'j\u001b[A' });
    expect(read('\u001b').keys).toBe('\u001b');
    expect(read('\u001b[<0;10;5', 'q').reports).toEqual([]);
  });

  test('in a paste are text, also when it comes in pieces', () => {
    const paste = '\u001b[200~\u001b[<0;10;5M\u001b[201~';
    for (let at = 2; at < paste.length; at++)
      expect(read(paste.slice(0, at), paste.slice(at))).toEqual({ reports: [], keys: paste });
    expect(read(paste, '\u001b[<0;10;5M')).toEqual({ reports: [PRESS], keys: paste });
  });

  test('that are hostile are bounded', () => {
    expect(read(`\u001b[<${'1'.repeat(10_000)}M`).reports).toEqual([]);
    expect(read('\u001b[<0;99999;99999M').reports[0]).toMatchObject({ column: 99_998, row: 99_998 });
  });
});

describe('what lies under the mouse', () => {
  test('is what was drawn there last, and nothing beneath what lies on top', () => {
    const surface = new Surface();
    const lines = [clickable([span('row')], 10, { on: 'row', at: 3 }), line('plain')];
    surface.put('list', { x: 2, y: 1, width: 10, height: 2, lines, layer: 0, name: 'list' });
    surface.compose(20, 5);
    expect(surface.hit(11, 1)).toEqual({ target: { on: 'row', at: 3 }, pane: 'list', row: -1 });
    expect(surface.hit(2, 2)).toEqual({ target: null, pane: 'list', row: 0 });
    expect(surface.hit(0, 0)).toMatchObject({ target: null, pane: null });
    expect(surface.hit(500, 500)).toMatchObject({ target: null, pane: null });
    surface.put('box', { x: 0, y: 0, width: 20, height: 5, lines: [], layer: 2, name: null });
    surface.compose(20, 5);
    expect(surface.hit(11, 1)).toMatchObject({ target: null, pane: null });
  });
});

describe('in a run', () => {
  const unmount: (() => void)[] = [];
  afterEach(() => {
    for (const each of unmount.splice(0)) each();
  });

  /** The view as it is drawn, and a mouse on it. */
  async function mouseOn(view: State['view'], hasMouse = true) {
    const size = { columns: 100, rows: 30 };
    const nothing = () => {};
    const write = () => true;
    const terminal = { ...size, write, once: nothing, on: nothing, off: nothing };
    let state = initialState({
      ...{ run: recordedRun(), size, view, nowMs: 0 },
      ...{ owns: false, hosted: false, exitOnEnd: false },
    });
    state = reduce(state, { type: 'frames', frames: [...historyFrames(0, 90), heartbeat(90)], nowMs: 0 });
    const keyboard = fakeKeyboard();
    const points: Pointing[] = [];
    const onPoint = (pointing: Pointing) => points.push(pointing);
    const app = () => createElement(App, { state, onStroke: nothing, onPoint });
    const mounted = mount(createScreen(terminal, { hasMouse }), app(), keyboard);
    unmount.push(() => mounted.unmount());
    return {
      /** Buttons and places as the terminal tells them, from 1. */
      async does(...reports: [code: number, column: number, row: number][]): Promise<State> {
        for (const [code, column, row] of reports) {
          keyboard.push(`\u001b[<${code};${column};${row}M`);
          await new Promise((resolve) => setImmediate(resolve));
          for (const point of points.splice(0)) state = reduce(state, { type: 'point', ...point });
          mounted.draw(app());
        }
        return state;
      },
    };
  }

  test('names of views and key hints are clicked', async () => {
    const mouse = await mouseOn('live');
    expect((await mouse.does([0, 11, 30])).view).toBe('events');
  });

  test('a row is chosen by the first click, opened by the second; the wheel scrolls the list', async () => {
    const mouse = await mouseOn('events');
    const { events } = await mouse.does([0, 90, 10]);
    expect(events).toMatchObject({ isOpen: false });
    expect(events.cursor).toBeGreaterThan(0);
    expect((await mouse.does([65, 50, 10])).events.cursor).toBe((events.cursor ?? 0) + 3);
    const chosen = await mouse.does([0, 50, 12]);
    expect(chosen.events.isOpen).toBe(false);
    const opened = await mouse.does([0, 50, 12]);
    expect(opened.events).toEqual({ ...chosen.events, isOpen: true });
  });

  test('the scrubber seeks, and follows a drag that leaves its row', async () => {
    const mouse = await mouseOn('replay');
    const bar = 11;
    const half = await mouse.does([0, 51, bar]);
    expect(half.replay.at).toBeGreaterThan(40);
    expect(half.replay.at).toBeLessThan(50);
    expect((await mouse.does([32, 2, bar + 9])).replay.at).toBe(0);
  });

  test('means nothing where it is not asked for', async () => {
    const mouse = await mouseOn('live', false);
    expect((await mouse.does([0, 11, 30])).view).toBe('live');
  });
});
