/** Puts the server's answers to needs where they belong. */
import type { CityState, Run, RunEvent, TimedSnapshot } from '../../../server/contract/index.ts';
import { chartsOfStart } from '../../run/chart-choice.ts';
import { differences } from '../../run/event-difference.ts';
import { matches } from '../../run/matcher.ts';
import { withPage } from '../../run/pages.ts';
import { safeText } from '../../run/sanitize.ts';
import { mergePast } from '../../run/timeline.ts';
import type { Need } from './needs.ts';
import { seekOn } from './seek.ts';
import type { Filtered, OtherRun, State } from './state.ts';

/** An answer, by the kind of its need. */
export type Answer =
  | { kind: 'page' | 'scan' | 'start'; events: readonly RunEvent[] }
  | { kind: 'past'; snapshots: readonly TimedSnapshot[] }
  | { kind: 'city'; city: CityState }
  | { kind: 'run'; run: Run }
  | { kind: 'compare'; left: readonly RunEvent[]; right: readonly RunEvent[]; isWhole: boolean };

const CITIES_KEPT = 16;
/** Matches kept of a filter; scanning goes on where the user looks. */
export const MATCHES_KEPT = 2_000;

/** The state with `answer` to `need` in it; unchanged when nobody waits for it any more. */
export function receive(state: State, need: Need, answer: Answer): State {
  switch (answer.kind) {
    case 'page':
      return need.kind === 'page' ? receivePage(state, need, answer.events) : state;
    case 'scan':
      return need.kind === 'scan' ? receiveScan(state, need, answer.events) : state;
    case 'start': {
      const charts = chartsOfStart(answer.events[0]?.data ?? {});
      return { ...state, hasStart: true, data: { ...state.data, charts } };
    }
    case 'past':
      return {
        ...state,
        hasPast: true,
        data: { ...state.data, timeline: mergePast(state.data.timeline, answer.snapshots) },
      };
    case 'city':
      return withReplay(state, {
        cities: bounded(state.replay.cities, answer.city.index, answer.city, CITIES_KEPT),
      });
    case 'run':
      return need.kind === 'run' ? receiveRun(state, need.occasion, answer.run) : state;
    case 'compare':
      return need.kind === 'compare' ? receiveComparison(state, need.from, answer) : state;
  }
}

function receiveRun(state: State, occasion: string | null, run: Run): State {
  return {
    ...state,
    runReadFor: occasion ?? state.runReadFor,
    data: { ...state.data, run },
    forensics: { ...state.forensics, bundle: run.failForensic, isStale: false },
  };
}

function withReplay(state: State, change: Partial<State['replay']>): State {
  return { ...state, replay: { ...state.replay, ...change } };
}

function bounded<Value>(known: ReadonlyMap<number, Value>, key: number, value: Value, most: number) {
  const next = new Map(known);
  next.delete(key);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= most) break;
    next.delete(oldest);
  }
  return next;
}

function receivePage(
  state: State,
  need: Extract<Need, { kind: 'page' }>,
  events: readonly RunEvent[],
): State {
  if (need.run === 'this') return { ...state, pages: withPage(state.pages, need.page, events) };
  const { other } = state.replay;
  if (other === null) return state;
  return withReplay(state, { other: { ...other, pages: withPage(other.pages, need.page, events) } });
}

function receiveScan(
  state: State,
  need: Extract<Need, { kind: 'scan' }>,
  events: readonly RunEvent[],
): State {
  if (need.use === 'seek') return state.seek === null ? state : seekOn(state, state.seek, events);
  const { filtered } = state.events;
  if (filtered === null || !need.key.includes(filtered.matcher.text)) return state;
  const next = need.use === 'filter-up' ? widenUp(filtered, need.from, events) : widenDown(filtered, events);
  return { ...state, events: { ...state.events, filtered: next } };
}

function widenUp(filtered: Filtered, from: number, events: readonly RunEvent[]): Filtered {
  const more = events.filter((event) => event.index < filtered.low && matches(filtered.matcher, event));
  const found = [...more, ...filtered.found];
  if (found.length <= MATCHES_KEPT) return { ...filtered, found, low: from };
  const kept = found.slice(0, MATCHES_KEPT);
  return { ...filtered, found: kept, low: from, high: (kept.at(-1)?.index ?? from) + 1 };
}

function widenDown(filtered: Filtered, events: readonly RunEvent[]): Filtered {
  const fresh = events.filter(({ index }) => index >= filtered.high);
  const high = (fresh.at(-1)?.index ?? filtered.high - 1) + 1;
  const found = [...filtered.found, ...fresh.filter((event) => matches(filtered.matcher, event))];
  if (found.length <= MATCHES_KEPT) return { ...filtered, found, high };
  const kept = found.slice(-MATCHES_KEPT);
  return { ...filtered, found: kept, low: kept[0]?.index ?? 0, high };
}

function receiveComparison(
  state: State,
  from: number,
  { left, right, isWhole }: Extract<Answer, { kind: 'compare' }>,
): State {
  const { other } = state.replay;
  if (other === null || other.isCompared || other.compared !== from) return state;
  const parts = firstDifference(left, right, isWhole);
  const next: OtherRun = {
    ...other,
    settings: from === 0 ? settingsDifference(left[0], right[0]) : other.settings,
    compared: from + (parts ?? Math.min(left.length, right.length)),
    partsAt: parts === null ? null : from + parts,
    isCompared: parts !== null || isWhole,
  };
  const found = parts !== null ? { at: from + parts, isPlaying: false } : {};
  return { ...withReplay(state, { other: next, ...found }), notice: comparisonText(next) };
}

function firstDifference(
  left: readonly RunEvent[],
  right: readonly RunEvent[],
  isWhole: boolean,
): number | null {
  const common = Math.min(left.length, right.length);
  for (let i = 0; i < common; i++) {
    const a = left[i];
    const b = right[i];
    // Runs with other settings are compared in what came of them.
    if (a === undefined || b === undefined || (a.type === 'start' && b.type === 'start')) continue;
    if (differences(a, b).length > 0) return i;
  }
  return isWhole && left.length !== right.length ? common : null;
}

/** The names of what differs, such as `seed, bug`. */
function settingsDifference(left: RunEvent | undefined, right: RunEvent | undefined): string {
  if (left?.type !== 'start' || right?.type !== 'start') return '';
  const names = differences(left, right).map(({ path }) => path.split('.').at(-1)?.split('[')[0] ?? path);
  return safeText([...new Set(names)].slice(0, 6).join(', '));
}

function comparisonText({ settings, partsAt, isCompared, compared }: OtherRun): string {
  const differing = settings === '' ? '' : `The settings differ (${settings}). `;
  if (partsAt !== null) return `${differing}The histories part at event ${partsAt}.`;
  if (!isCompared) return `${differing}Comparing: ${compared} events are equal so far.`;
  return settings === '' ? 'The histories are equal.' : `${differing}What came of them is equal.`;
}
