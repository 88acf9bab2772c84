/** Panes: where the focus goes, and which of them takes the whole body. */
import { describe, expect, test } from 'vitest';
import { chartPane, panesOf, zoomedOf } from '../../cli/tui/state/panes.ts';
import { reduce } from '../../cli/tui/state/reducer.ts';
import { initialState, type State, VIEW_IDS } from '../../cli/tui/state/state.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { heartbeat, historyFrames, recordedRun } from '../helpers/recorded-run.ts';

const init = initialState({
  run: recordedRun({ failForensic: recordedForensic() }),
  ...{ size: { columns: 80, rows: 24 }, nowMs: 0, owns: false, hosted: false, exitOnEnd: false },
});
const START = reduce(init, { type: 'frames', frames: [...historyFrames(0, 90), heartbeat(90)], nowMs: 0 });
const press = (state: State, ...keys: string[]) =>
  keys.reduce((next, key) => reduce(next, { type: 'stroke', key, text: '' }), state);

describe('the focus', () => {
  test.each(VIEW_IDS)('goes through all panes of %s and round', (view) => {
    const state = { ...START, view };
    const panes = panesOf(state);
    const key = view === 'events' || view === 'forensics' ? 'shift+tab' : 'tab';
    const seen = panes.map((_, i) => press(state, ...Array<string>(i + 1).fill(key)).workspace.focus);
    expect(seen).toEqual(panes.map(({ name }) => name));
    expect(press(state, ...Array<string>(panes.length + 1).fill(key)).workspace.focus).toBe(panes[0]?.name);
  });

  test('Shift-Tab goes back, and says which pane it is, also of one that has no room', () => {
    const last = press(START, 'shift+tab');
    expect(last.workspace.focus).toBe('faults');
    expect(last.notice).toBe('Newest faults: z zooms it.');
    expect(press(last, 'shift+tab', 'tab').workspace.focus).toBe('faults');
  });
});

describe('z', () => {
  test('zooms the pane with the focus, the first one without, and goes back; so does Esc', () => {
    expect(zoomedOf(press(START, 'z'))).toBe(chartPane('bookings'));
    expect(zoomedOf(press(START, 'shift+tab', 'z'))).toBe('faults');
    expect(zoomedOf(press(START, 'z', 'z'))).toBeNull();
    expect(press(START, 'z', 'escape').workspace).toMatchObject({ focus: null, isZoomed: false });
    expect(zoomedOf(press(START, 'z', 'tab'))).toBe(chartPane('cancellations'));
  });

  test('ends with the view', () => {
    expect(press(START, 'z', '4', '1').workspace).toMatchObject({ focus: null, isZoomed: false });
  });

  test('opens the event that it zooms', () => {
    const state = press({ ...START, view: 'events' }, 'shift+tab', 'shift+tab', 'z');
    expect(zoomedOf(state)).toBe('detail');
    expect(state.events.isOpen).toBe(true);
  });
});
