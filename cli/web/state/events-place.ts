/** Where somebody stands in the events of a run, what is known around there, and how to get elsewhere. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RunEvent } from '../../../server/contract/index.ts';
import type { Filtered } from '../../run/filtered.ts';
import {
  INCIDENTS,
  type Likeness,
  likeText,
  type Matcher,
  nothingWords,
  parseMatcher,
} from '../../run/matcher.ts';
import { AROUND_OPENED, otherHalf } from '../../run/operation.ts';
import type { RunData } from '../../run/run-data.ts';
import { announce } from './announce.ts';
import { EventFilter, type FilterState } from './event-filter.ts';
import { goTo, useEventOfAddress } from './navigation.ts';
import type { RunRoute } from './route.ts';
import { useCalm, useStore } from './store.ts';
import { StoredEvents, type StoredEventsState, type Stretch } from './stored-events.ts';

export interface EventsPlace {
  /** Index of the newest event, as far as the list shows it. */
  newest: number;
  /** Index of the chosen event; null: none is, and the newest is followed. */
  chosen: number | null;
  stored: StoredEventsState;
  /** What the filter leaves; null: there is none. */
  filter: FilterState | null;
  /** What came of the last search; null: nothing is to be said. */
  notice: string | null;
  /** Undefined while it is not loaded. */
  known: (index: number) => RunEvent | undefined;
  /** The newest event for null. */
  choose: (index: number | null) => void;
  /** So many rows on. */
  move: (by: number) => void;
  seek: (matcher: Matcher | null, step: 1 | -1) => void;
  seekOtherHalf: () => void;
  /** Shows only what is like the chosen event. */
  only: (likeness: Likeness) => void;
  setFilter: (text: string) => void;
  setSearch: (text: string) => void;
  /** Ends the search; with none going on, shows all events. */
  cancel: () => void;
  /** Says which rows are seen, so that they are read. */
  see: (first: number, last: number) => void;
  tryAgain: () => void;
}

/** The list is not drawn more often. */
const CALM_MS = 250;

export function useEventsPlace(data: RunData, route: RunRoute): EventsPlace {
  const runId = data.run.id;
  const newest = useCalm(data.eventIndex, CALM_MS);
  const [chosen, setChosen] = useEventOfAddress(route);
  const [notice, setNotice] = useState<string | null>(null);
  const events = useMemo(() => new StoredEvents(runId), [runId]);
  useEffect(() => () => events.close(), [events]);
  const stored = useStore(events.store);
  const streamed = useMemo(() => new Map(data.events.map((event) => [event.index, event])), [data.events]);
  const at = chosen ?? newest;
  const filter = useFilter(runId, route.filter ?? '', at, streamed.get(at) ?? events.eventAt(at));
  const filterState = useStore(filter?.store ?? null);
  const known = (index: number) =>
    filterState?.filtered.found.find((event) => event.index === index) ??
    streamed.get(index) ??
    events.eventAt(index);
  const [seen, setSeen] = useState<Stretch>([0, 0]);
  const see = useCallback((first: number, last: number) => setSeen([first, last]), []);
  const filtered = filterState?.filtered ?? null;
  const want = useCallback(() => {
    const opened: Stretch[] = chosen === null ? [] : [[chosen - AROUND_OPENED, chosen + AROUND_OPENED]];
    events.want(filter === null ? [seen, ...opened] : opened, newest);
    if (filtered !== null) filter?.want(sidesOf(filtered, seen, chosen), newest);
  }, [events, filter, filtered, seen, chosen, newest]);
  useEffect(want, [want]);

  const say = (text: string | null) => {
    setNotice(text);
    if (text !== null) announce(text);
  };
  const choose = (index: number | null) => {
    events.stopSeeking();
    setNotice(null);
    setChosen(index === null ? null : Math.max(0, Math.min(newest, index)));
  };
  const move = (by: number) => {
    if (filterState === null) return choose(at + by);
    const { found } = filterState.filtered;
    const place = Math.max(0, Math.min(found.length - 1, rowOf(filterState.filtered, at) + by));
    choose(found[place]?.index ?? at);
  };
  const seek = async (matcher: Matcher | null, step: 1 | -1) => {
    if (matcher === null) return say('Nothing was searched for yet; / does.');
    setNotice(null);
    const found = await events.seek(matcher, at, step, newest);
    if (typeof found === 'number') return choose(found);
    if (found === 'nothing') say(nothingWords(matcher, step, otherKey(matcher, step)));
  };
  const event = known(at);
  const seekOtherHalf = () => {
    const other = event === undefined ? null : otherHalf(event);
    if (other === null) return say('This event has no other half.');
    void seek(other.matcher, other.step);
  };
  const setFilter = (text: string) => {
    setNotice(null);
    goTo({ ...route, at: chosen, filter: text.trim() });
  };
  const only = (likeness: Likeness) => {
    const text = event === undefined ? null : likeText(event, likeness);
    if (text === null) return say('This event has none.');
    setFilter(text);
  };
  const setSearch = (text: string) => {
    goTo({ ...route, at: chosen, search: text.trim() }, { replace: true });
    if (text.trim() !== '') void seek(parseMatcher(text), 1);
  };
  const cancel = () => {
    if (stored.seeking !== null) events.stopSeeking();
    else if (route.filter) setFilter('');
  };
  return {
    newest,
    chosen,
    stored,
    filter: filterState,
    notice,
    known,
    choose,
    move,
    seek: (matcher, step) => void seek(matcher, step),
    seekOtherHalf,
    only,
    setFilter,
    setSearch,
    cancel,
    see,
    tryAgain: want,
  };
}

/** Begins anew with each text, at the event that is looked at then. Null for a text that says nothing. */
function useFilter(runId: string, text: string, at: number, event: RunEvent | undefined): EventFilter | null {
  const begin = useRef({ at, event });
  begin.current = { at, event };
  const filter = useMemo(() => {
    const matcher = parseMatcher(text);
    const from = begin.current;
    return matcher === null ? null : new EventFilter(runId, matcher, Math.max(0, from.at), from.event);
  }, [runId, text]);
  useEffect(() => () => filter?.close(), [filter]);
  return filter;
}

/** Row of what a filter leaves that is at event `index` or before it; -1: it is before all of them. */
export function rowOf({ found }: Filtered, index: number): number {
  return found.findLastIndex((event) => event.index <= index);
}

/** Matches before and after what is seen; none where the chosen event has not been looked through. */
function sidesOf({ found, low, high }: Filtered, [first, last]: Stretch, chosen: number | null) {
  return {
    before: chosen !== null && chosen < low ? 0 : first,
    after: chosen !== null && chosen >= high ? 0 : Math.max(0, found.length - 1 - last),
  };
}

function otherKey(matcher: Matcher, step: 1 | -1): string {
  if (matcher === INCIDENTS) return step === 1 ? '[' : ']';
  return step === 1 ? 'N' : 'n';
}
