/** What keys do in the Events view. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { beginFilter } from '../../run/filtered.ts';
import { INCIDENTS, type Likeness, likeText, type Matcher, parseMatcher } from '../../run/matcher.ts';
import { otherHalf } from '../../run/operation.ts';
import type { Intent } from '../input/intents.ts';
import { ask, moved } from './moves.ts';
import { startSeek } from './seek.ts';
import { eventsRows, knownEvent } from './selectors.ts';
import type { EventsState, State } from './state.ts';
import type { TextInput } from './text-input.ts';

/** Null when the intent means nothing here. */
export function eventsIntent(state: State, intent: Intent): State | null {
  const to = moveTo(state, intent);
  if (to !== null) return withEvents({ ...state, seek: null }, { cursor: to === 'newest' ? null : to });
  return INTENTS[intent]?.(state) ?? null;
}

/** The chosen event; undefined while it is not loaded. */
export function chosenEvent(state: State): RunEvent | undefined {
  const index = state.events.cursor ?? state.data.eventIndex;
  return state.events.filtered?.found.find((event) => event.index === index) ?? knownEvent(state, index);
}

function withEvents(state: State, change: Partial<EventsState>): State {
  return { ...state, events: { ...state.events, ...change } };
}

function moveTo(state: State, intent: Intent): number | 'newest' | null {
  const { events, data } = state;
  const page = eventsRows(state) - 1;
  const { filtered } = events;
  if (intent === 'last') return filtered === null ? 'newest' : data.eventIndex;
  const cursor = events.cursor ?? data.eventIndex;
  if (filtered === null) return moved(cursor, intent, page, data.eventIndex + 1);
  if (intent === 'first') return 0;
  // Between two matches the cursor stands on the one before it.
  const place = filtered.found.findLastIndex(({ index }) => index <= cursor);
  const to = moved(place, intent, page, filtered.found.length);
  return to === null ? null : (filtered.found[to]?.index ?? cursor);
}

const INTENTS: Partial<Record<Intent, (state: State) => State>> = {
  open: (state) =>
    withEvents(state, { isOpen: !state.events.isOpen, cursor: state.events.cursor ?? state.data.eventIndex }),
  follow: (state) => withEvents(state, { cursor: null, isOpen: false }),
  'ask-index': (state) => ask(state, 'index'),
  'ask-filter': (state) => ask(state, 'filter', state.events.filtered?.matcher.text ?? ''),
  'ask-search': (state) => ask(state, 'search'),
  'search-next': (state) => seekFor(state, state.events.search, 1),
  'search-previous': (state) => seekFor(state, state.events.search, -1),
  'next-incident': (state) => seekFor(state, INCIDENTS, 1),
  'previous-incident': (state) => seekFor(state, INCIDENTS, -1),
  'only-citizen': (state) => only(state, 'citizen'),
  'only-slot': (state) => only(state, 'slot'),
  'only-operation': (state) => only(state, 'operation'),
  'only-type': (state) => only(state, 'type'),
  'other-half': seekOtherHalf,
  'replay-here': (state) => ({
    ...state,
    view: 'replay',
    replay: { ...state.replay, at: state.events.cursor ?? state.data.eventIndex, isPlaying: false },
  }),
};

function only(state: State, likeness: Likeness): State {
  const event = chosenEvent(state);
  const text = event === undefined ? null : likeText(event, likeness);
  if (text === null) return { ...state, notice: 'This event has none.' };
  return setFilter(state, parseMatcher(text));
}

/** Null shows everything again. */
function setFilter(state: State, matcher: Matcher | null): State {
  if (matcher === null) return withEvents(state, { filtered: null });
  const cursor = state.events.cursor ?? state.data.eventIndex;
  return withEvents(state, { cursor, filtered: beginFilter(matcher, cursor, chosenEvent(state)) });
}

function seekFor(state: State, matcher: Matcher | null, step: 1 | -1): State {
  if (matcher === null) return { ...state, notice: 'Nothing was searched for yet; / does.' };
  return startSeek(state, 'events', matcher, step, state.events.cursor ?? state.data.eventIndex);
}

/** From a request to its answer and back. */
function seekOtherHalf(state: State): State {
  const event = chosenEvent(state);
  const other = event === undefined ? null : otherHalf(event);
  if (event === undefined || other === null) return { ...state, notice: 'This event has no other half.' };
  return startSeek(state, 'events', other.matcher, other.step, event.index);
}

/** Takes a filter or a search. */
export function submitInEvents(state: State, { purpose, text }: TextInput): State {
  const matcher = parseMatcher(text);
  if (purpose === 'filter') return setFilter(state, matcher);
  return seekFor(withEvents(state, { search: matcher }), matcher, 1);
}
