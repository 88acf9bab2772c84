/** What the server has to be asked for, told from what is looked at and not there yet. Pure: whoever runs the state asks. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { matches } from '../../run/matcher.ts';
import { eventAt, missingPages, type Pages } from '../../run/pages.ts';
import { readOccasion } from '../../run/picture.ts';
import { eventsWindow, knownEvent, replayIndex, replayWindow, whyEvent } from './selectors.ts';
import type { Filtered, Seek, State } from './state.ts';

export type Need = { key: string } & (
  | { kind: 'page'; run: 'this' | 'other'; page: number }
  | { kind: 'scan'; use: 'seek' | 'filter-up' | 'filter-down'; from: number; limit: number }
  | { kind: 'past'; every: number }
  | { kind: 'start' }
  | { kind: 'city'; at: number }
  | { kind: 'run'; occasion: string | null; isMissed: boolean }
  | { kind: 'compare'; from: number }
);

/** Events looked through in one go. */
export const SCAN_EVENTS = 1_000;
/** Events around an opened one among which its other half and what overlapped it are looked for. */
export const AROUND_OPENED = 400;
/** Points asked for of the part of the run before the stream. */
const PAST_POINTS = 500;

/** What is missing, the most urgent first. */
export function needsOf(state: State): Need[] {
  return [...seekNeeds(state), ...viewNeeds(state), ...runNeeds(state), ...pastNeeds(state)];
}

function viewNeeds(state: State): Need[] {
  if (state.view === 'events') return eventsNeeds(state);
  if (state.view === 'replay') return replayNeeds(state);
  if (state.view === 'forensics') return whyNeeds(state);
  return [];
}

/** The city at the step that is looked at. */
function whyNeeds(state: State): Need[] {
  const at = whyEvent(state.forensics);
  if (at === null || state.replay.cities.has(at)) return [];
  return [{ kind: 'city', at, key: `city ${at}` }];
}

function pastNeeds({ hasPast, hasStart, data }: State): Need[] {
  const newest = data.run.live.eventIndex;
  if (!hasStart && newest >= 0) return [{ kind: 'start', key: 'start' }];
  if (hasPast || newest < 0) return [];
  const every = Math.max(1, Math.ceil(newest / data.run.config.snapshotEvery / PAST_POINTS));
  return [{ kind: 'past', key: 'past', every }];
}

/** The run itself: for its attempts, and for the bundle. */
function runNeeds({ data, forensics, nowMs, runReadFor }: State): Need[] {
  const failed = data.end === null ? data.status === 'FAIL' : data.end.failure !== null;
  const misses = failed && (forensics.bundle === null || forensics.isStale);
  const occasion = data.end === null ? readOccasion(data, nowMs) : 'end';
  const isUnread = occasion !== null && occasion !== runReadFor;
  return misses || isUnread ? [{ kind: 'run', occasion, isMissed: misses, key: `run ${occasion}` }] : [];
}

function pageNeeds(pages: Pages, from: number, to: number, newest: number, run: 'this' | 'other'): Need[] {
  return missingPages(pages, from, to, newest).map((page) => ({
    kind: 'page',
    run,
    page,
    key: `page ${run} ${page}`,
  }));
}

function eventsNeeds(state: State): Need[] {
  const { events, data, pages } = state;
  const opened = events.isOpen && events.cursor !== null ? events.cursor : null;
  const around =
    opened === null
      ? []
      : pageNeeds(pages, opened - AROUND_OPENED, opened + AROUND_OPENED, data.eventIndex, 'this');
  if (events.filtered !== null) return [...filterNeeds(state, events.filtered), ...around];
  const { top, bottom } = eventsWindow(state);
  const isStreamed =
    knownEvent(state, top) !== undefined &&
    knownEvent(state, bottom) !== undefined &&
    bottom - top < data.events.length;
  return [...(isStreamed ? [] : pageNeeds(pages, top, bottom, data.eventIndex, 'this')), ...around];
}

function filterNeeds(state: State, filtered: Filtered): Need[] {
  const { found, low, high } = filtered;
  const cursor = state.events.cursor ?? state.data.eventIndex;
  const rows = state.size.rows;
  const after = found.filter(({ index }) => index > cursor).length;
  const before = found.filter(({ index }) => index < cursor).length;
  const needs: Need[] = [];
  if (low > 0 && before < rows) {
    const from = Math.max(0, low - SCAN_EVENTS);
    needs.push({
      kind: 'scan',
      use: 'filter-up',
      from,
      limit: low - from,
      key: `up ${filtered.matcher.text} ${low}`,
    });
  }
  if (high <= state.data.eventIndex && after < rows) {
    const limit = Math.min(SCAN_EVENTS, state.data.eventIndex - high + 1);
    needs.push({
      kind: 'scan',
      use: 'filter-down',
      from: high,
      limit,
      key: `down ${filtered.matcher.text} ${high}`,
    });
  }
  return needs;
}

function replayNeeds(state: State): Need[] {
  const { data, replay, pages } = state;
  const at = replayIndex(state);
  if (at < 0) return [];
  const { top, bottom } = replayWindow(state);
  const needs = pageNeeds(pages, top, bottom, data.eventIndex, 'this');
  const { other } = replay;
  if (other === null) {
    if (!replay.cities.has(at)) needs.push({ kind: 'city', at, key: `city ${at}` });
    return needs;
  }
  const newest = other.run.live.eventIndex;
  needs.push(...pageNeeds(other.pages, top, bottom, newest, 'other'));
  if (!other.isCompared)
    needs.push({ kind: 'compare', from: other.compared, key: `compare ${other.run.id} ${other.compared}` });
  return needs;
}

/** The next stretch to look through, unless what is loaded already says where it ends. */
function seekNeeds({ seek, data }: State): Need[] {
  if (seek === null) return [];
  if (seek.step === 1) {
    const limit = Math.min(SCAN_EVENTS, data.eventIndex - seek.at + 1);
    return [{ kind: 'scan', use: 'seek', from: seek.at, limit, key: seekKey(seek) }];
  }
  const from = Math.max(0, seek.at - SCAN_EVENTS + 1);
  return [{ kind: 'scan', use: 'seek', from, limit: seek.at - from + 1, key: seekKey(seek) }];
}

function seekKey({ matcher, step, at }: Seek): string {
  return `seek ${matcher.text} ${step} ${at}`;
}

/** Looks through what is loaded already, so that a near match needs no request. */
export function seekLoaded(seek: Seek, pages: Pages, newest: number): { found: RunEvent | null; at: number } {
  let { at } = seek;
  while (at >= 0 && at <= newest) {
    const event = eventAt(pages, at);
    if (event === undefined) break;
    if (matches(seek.matcher, event)) return { found: event, at };
    at += seek.step;
  }
  return { found: null, at };
}
