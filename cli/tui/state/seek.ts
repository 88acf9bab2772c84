/** Goes through the history until something matches, and puts the view there. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { INCIDENTS, type Matcher, matches, nothingWords } from '../../run/matcher.ts';
import { seekLoaded } from './needs.ts';
import type { Seek, State } from './state.ts';

/** Starts from the event beside `from`. */
export function startSeek(
  state: State,
  view: Seek['view'],
  matcher: Matcher,
  step: 1 | -1,
  from: number,
): State {
  const seek: Seek = { view, matcher, step, at: from + step };
  const { found, at } = seekLoaded(seek, state.pages, state.data.eventIndex);
  if (found !== null) return arrive(state, seek, found.index);
  return goOn(state, { ...seek, at });
}

/** Looks through `events`, which were fetched for it. */
export function seekOn(state: State, seek: Seek, events: readonly RunEvent[]): State {
  const ahead = events.filter(({ index }) => (seek.step === 1 ? index >= seek.at : index <= seek.at));
  const ordered = seek.step === 1 ? ahead : ahead.reverse();
  const found = ordered.find((event) => matches(seek.matcher, event));
  if (found !== undefined) return arrive(state, seek, found.index);
  const last = ordered.at(-1);
  if (last === undefined) return { ...state, seek: null, notice: nothing(seek) };
  return goOn(state, { ...seek, at: last.index + seek.step });
}

function goOn(state: State, seek: Seek): State {
  if (seek.at < 0 || seek.at > state.data.eventIndex) return { ...state, seek: null, notice: nothing(seek) };
  return { ...state, seek, notice: `Looking for ${seek.matcher.text} at event ${seek.at}; Esc stops.` };
}

function nothing({ matcher, step }: Seek): string {
  const other = matcher === INCIDENTS ? (step === 1 ? '[' : ']') : step === 1 ? 'N' : 'n';
  return nothingWords(matcher, step, other);
}

function arrive(state: State, seek: Seek, index: number): State {
  const rest = { ...state, seek: null, notice: null };
  return seek.view === 'events'
    ? { ...rest, events: { ...state.events, cursor: index } }
    : { ...rest, replay: { ...state.replay, at: index, isPlaying: false } };
}
