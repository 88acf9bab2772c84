/** What keys and time do in the Replay view. */
import type { Run } from '../../../server/contract/index.ts';
import { daysOf, turnedDay } from '../../run/calendar-rows.ts';
import { rowsOfCity } from '../../run/city-rows.ts';
import { INCIDENTS } from '../../run/matcher.ts';
import { NO_PAGES } from '../../run/pages.ts';
import { SPEEDS } from '../../run/replay-speeds.ts';
import type { Intent } from '../input/intents.ts';
import { ask } from './moves.ts';
import { startSeek } from './seek.ts';
import { cityAt, replayIndex } from './selectors.ts';
import type { ReplayState, State } from './state.ts';

const STEPS: Partial<Record<Intent, number>> = {
  left: -1,
  right: 1,
  'left-far': -10,
  'right-far': 10,
  'page-up': -100,
  'page-down': 100,
};

/** Null when the intent means nothing here. */
export function replayIntent(state: State, intent: Intent): State | null {
  const step = STEPS[intent];
  if (step !== undefined) return goTo(state, replayIndex(state) + step);
  return INTENTS[intent]?.(state) ?? null;
}

function withReplay(state: State, change: Partial<ReplayState>): State {
  return { ...state, replay: { ...state.replay, ...change } };
}

function goTo(state: State, index: number): State {
  const at = Math.max(0, Math.min(state.data.eventIndex, index));
  return withReplay({ ...state, seek: null }, { at, isPlaying: false });
}

/** Up and down the city, as far as it has rows. */
function scrollCity(state: State, step: 1 | -1): State {
  const city = cityAt(state.replay.cities, replayIndex(state));
  const last = city === undefined ? 0 : rowsOfCity(city) - 1;
  return withReplay(state, { cityRow: Math.max(0, Math.min(last, state.replay.cityRow + step)) });
}

function turnDay(state: State, step: 1 | -1): State {
  const { calendars } = cityAt(state.replay.cities, replayIndex(state)) ?? {};
  if (calendars === undefined) return { ...state, notice: 'There are no calendars here.' };
  return withReplay(state, { cityDay: turnedDay(state.replay.cityDay, step, daysOf(calendars).length) });
}

const INTENTS: Partial<Record<Intent, (state: State) => State>> = {
  up: (state) => scrollCity(state, -1),
  down: (state) => scrollCity(state, 1),
  'day-before': (state) => turnDay(state, -1),
  'day-after': (state) => turnDay(state, 1),
  first: (state) => goTo(state, 0),
  last: (state) => withReplay({ ...state, seek: null }, { at: null, isPlaying: false }),
  follow: (state) => withReplay({ ...state, seek: null }, { at: null, isPlaying: false }),
  'ask-index': (state) => ask(state, 'index'),
  'ask-compare': (state) => ask(state, 'compare'),
  'next-incident': (state) => startSeek(state, 'replay', INCIDENTS, 1, replayIndex(state)),
  'previous-incident': (state) => startSeek(state, 'replay', INCIDENTS, -1, replayIndex(state)),
  'toggle-play': togglePlay,
  faster: (state) => withReplay(state, { speed: Math.min(SPEEDS.length - 1, state.replay.speed + 1) }),
  slower: (state) => withReplay(state, { speed: Math.max(0, state.replay.speed - 1) }),
  'to-parting': toParting,
  open: (state) => ({
    ...state,
    view: 'events',
    events: { ...state.events, cursor: replayIndex(state), filtered: null, isOpen: true },
  }),
};

/** Playing from the end begins anew. */
function togglePlay(state: State): State {
  const { at, isPlaying } = state.replay;
  if (isPlaying) return withReplay(state, { isPlaying: false });
  const isAtEnd = at === null || at >= state.data.eventIndex;
  return withReplay(state, { isPlaying: true, carry: 0, at: isAtEnd ? 0 : at });
}

function toParting(state: State): State {
  const { other } = state.replay;
  if (other === null) return { ...state, notice: 'No other run is beside this one; c puts one there.' };
  if (other.partsAt !== null) return goTo(state, other.partsAt);
  return {
    ...state,
    notice: other.isCompared
      ? 'The histories are equal.'
      : `Comparing: ${other.compared} events are equal so far.`,
  };
}

/** Goes on by the time that passed; at the end it holds. */
export function playOn(state: State, elapsedMs: number): State {
  const { replay, data } = state;
  if (!replay.isPlaying || state.view !== 'replay') return state;
  const due = replay.carry + ((SPEEDS[replay.speed] ?? 1) * elapsedMs) / 1_000;
  const steps = Math.floor(due);
  if (steps === 0) return withReplay(state, { carry: due });
  const at = (replay.at ?? data.eventIndex) + steps;
  if (at < data.eventIndex) return withReplay(state, { at, carry: due - steps });
  // A run that goes on is followed from here on.
  return withReplay(state, { at: data.end === null ? null : data.eventIndex, isPlaying: false, carry: 0 });
}

/** Puts `run` beside this one. */
export function startComparison(state: State, run: Run): State {
  return withReplay(
    { ...state, view: 'replay', notice: 'Comparing the histories.' },
    {
      other: { run, pages: NO_PAGES, compared: 0, settings: '', partsAt: null, isCompared: false },
      isPlaying: false,
    },
  );
}
