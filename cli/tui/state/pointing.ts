/** What clicks, drags and the wheel do in the views of a run. Pure. */
import type { Intent } from '../input/intents.ts';
import type { Pointing } from '../paint/target.ts';
import { goToEvent } from './moves.ts';
import { withWorkspace } from './over.ts';
import { replayIndex } from './selectors.ts';
import type { State } from './state.ts';

/** What a click may come to: a key, or what a key would ask for. */
export interface Means {
  strike: (state: State, key: string, text: string) => State;
  want: (state: State, intent: Intent) => State;
}

/** Rows that the wheel goes at once. */
const WHEEL_ROWS = 3;

/** Lists that the wheel scrolls; in Replay it steps from event to event. */
const SCROLLED = [
  'list',
  'story',
  'why',
  'broke',
  'history',
  'else',
  'bundle',
  'checks',
  'events',
  'this',
  'other',
];

/** While a question is open, or a line is typed, only keys are clicked. */
export function onPoint(state: State, { what, target, pane, row }: Pointing, { strike, want }: Means): State {
  const isBusy = state.input !== null || (state.overlay !== null && state.overlay !== 'help');
  if (target?.on === 'key') return what === 'press' ? strike(state, target.key, '') : state;
  if (isBusy) return state;
  if (what === 'wheel-up' || what === 'wheel-down') {
    if (pane === null || !SCROLLED.includes(pane)) return state;
    const intent = WHEEL[state.view === 'replay' ? 'replay' : 'list'][what];
    return Array.from({ length: WHEEL_ROWS }).reduce((next: State) => want(next, intent), state);
  }
  if (target?.on === 'place') return goToEvent(state, target.index);
  if (what !== 'press') return state;
  const anchored = withWorkspace(state, { anchor: row });
  if (target?.on === 'event') return pickEvent(anchored, target.index, want);
  return target?.on === 'row' ? pickRow(anchored, target.at, want) : state;
}

const WHEEL = {
  list: { 'wheel-up': 'up', 'wheel-down': 'down' },
  replay: { 'wheel-up': 'left', 'wheel-down': 'right' },
} as const;

/** Chosen by the first click, opened by the second. */
function pickEvent(state: State, index: number, want: Means['want']): State {
  const { view, events } = state;
  const isChosen =
    (view === 'events' && events.cursor === index) || (view === 'replay' && replayIndex(state) === index);
  return isChosen ? want(state, 'open') : goToEvent(state, index);
}

/** A branch of the bundle. */
function pickRow(state: State, at: number, want: Means['want']): State {
  if (state.forensics.cursor === at) return want(state, 'open');
  return { ...state, forensics: { ...state.forensics, cursor: at } };
}
