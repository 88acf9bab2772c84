/** What several views do alike: moving a cursor, opening a line to type, asking for an effect, going back. */
import type { Intent } from '../input/intents.ts';
import type { Effect, State, ViewId } from './state.ts';
import type { InputPurpose } from './text-input.ts';
import { closeTopmost } from './workspace.ts';

export const VIEW_INTENTS: Partial<Record<Intent, ViewId>> = {
  'show-live': 'live',
  'show-events': 'events',
  'show-forensics': 'forensics',
  'show-replay': 'replay',
  'show-checks': 'checks',
};

/** Where a cursor goes in a list of `count` with pages of `page`; null when the intent does not move it. */
export function moved(cursor: number, intent: Intent, page: number, count: number): number | null {
  const to = destination(cursor, intent, Math.max(1, page), count);
  return to === null ? null : Math.max(0, Math.min(count - 1, to));
}

function destination(cursor: number, intent: Intent, page: number, count: number): number | null {
  switch (intent) {
    case 'up':
      return cursor - 1;
    case 'down':
      return cursor + 1;
    case 'page-up':
      return cursor - page;
    case 'page-down':
      return cursor + page;
    case 'first':
      return 0;
    case 'last':
      return count - 1;
    default:
      return null;
  }
}

/** Opens a line to type in. */
export function ask(state: State, purpose: InputPurpose, text = ''): State {
  return { ...state, input: { purpose, text, error: null } };
}

type Wanted = Effect extends infer Each ? (Each extends Effect ? Omit<Each, 'number'> : never) : never;

/** To the event with this index: in Replay the city after it, elsewhere the event in Events. */
export function goToEvent(state: State, index: number): State {
  if (state.view === 'replay')
    return { ...state, seek: null, replay: { ...state.replay, at: index, isPlaying: false } };
  return { ...state, seek: null, view: 'events', events: { ...state.events, cursor: index } };
}

/** Asks whoever runs the state to do something once. */
export function effect(state: State, wanted: Wanted): State {
  const number = (state.effects.at(-1)?.number ?? 0) + 1;
  // Those that are done are not needed any more; whoever does them goes by their numbers.
  return { ...state, effects: [...state.effects.slice(-8), { ...wanted, number } as Effect] };
}

/** Closes what is open, the topmost first; with nothing open it goes back to Live, and from there to the list. */
export function dismiss(state: State): State {
  const closed = closeTopmost(state.workspace);
  if (state.overlay !== null) return { ...state, overlay: null };
  if (closed !== null) return { ...state, workspace: closed };
  if (state.input !== null) return { ...state, input: null };
  if (state.job !== null) return { ...effect(state, { do: 'end-job' }), job: null };
  if (state.seek !== null) return { ...state, seek: null };
  if (state.view === 'events') {
    if (state.events.isOpen) return { ...state, events: { ...state.events, isOpen: false } };
    if (state.events.filtered !== null) return { ...state, events: { ...state.events, filtered: null } };
  }
  if (state.view === 'replay' && state.replay.other !== null) {
    return { ...state, replay: { ...state.replay, other: null } };
  }
  if (state.view === 'forensics' && state.forensics.tab === 'bundle') {
    return { ...state, forensics: { ...state.forensics, tab: 'story' } };
  }
  if (state.frozen !== null) return { ...state, frozen: null };
  if (state.view !== 'live') return { ...state, view: 'live' };
  return state.cameFromList ? { ...state, leaving: 'runs' } : state;
}
