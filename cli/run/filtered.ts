/** What a filter has found of a history so far, and which part is looked through next. Bounded. */
import type { RunEvent } from '../../server/contract/index.ts';
import { formatNumber } from './format.ts';
import { type Matcher, matches } from './matcher.ts';

/** Events from `low` on and before `high` have been looked through. */
export interface Filtered {
  matcher: Matcher;
  /** In order, bounded. */
  found: readonly RunEvent[];
  low: number;
  high: number;
}

/** A part of the history to look through: before `low`, or from `high` on. */
export interface Scan {
  way: 'up' | 'down';
  from: number;
  limit: number;
}

/** Events looked through in one go. */
export const SCAN_EVENTS = 1_000;
/** Matches kept; scanning goes on where the user looks. */
export const MATCHES_KEPT = 2_000;

/** A filter that begins at event `cursor`; `known` is that event, if it is loaded. */
export function beginFilter(matcher: Matcher, cursor: number, known: RunEvent | undefined): Filtered {
  const isMatch = known !== undefined && matches(matcher, known);
  return { matcher, found: isMatch ? [known] : [], low: cursor, high: isMatch ? cursor + 1 : cursor };
}

/** What to look through, so that on either side of what is looked at `enough` matches are found, or all. */
export function scansWanted(
  { low, high }: Filtered,
  found: { before: number; after: number },
  enough: number,
  newest: number,
): Scan[] {
  const scans: Scan[] = [];
  if (low > 0 && found.before < enough) {
    const from = Math.max(0, low - SCAN_EVENTS);
    scans.push({ way: 'up', from, limit: low - from });
  }
  if (high <= newest && found.after < enough) {
    scans.push({ way: 'down', from: high, limit: Math.min(SCAN_EVENTS, newest - high + 1) });
  }
  return scans;
}

/** With the `events` of a scan looked through. */
export function widened(
  filtered: Filtered,
  { way, from }: Pick<Scan, 'way' | 'from'>,
  events: readonly RunEvent[],
): Filtered {
  return way === 'up' ? widenedUp(filtered, from, events) : widenedDown(filtered, events);
}

function widenedUp(filtered: Filtered, from: number, events: readonly RunEvent[]): Filtered {
  const more = events.filter((event) => event.index < filtered.low && matches(filtered.matcher, event));
  const found = [...more, ...filtered.found];
  if (found.length <= MATCHES_KEPT) return { ...filtered, found, low: from };
  const kept = found.slice(0, MATCHES_KEPT);
  return { ...filtered, found: kept, low: from, high: (kept.at(-1)?.index ?? from) + 1 };
}

function widenedDown(filtered: Filtered, events: readonly RunEvent[]): Filtered {
  const fresh = events.filter(({ index }) => index >= filtered.high);
  const high = (fresh.at(-1)?.index ?? filtered.high - 1) + 1;
  const found = [...filtered.found, ...fresh.filter((event) => matches(filtered.matcher, event))];
  if (found.length <= MATCHES_KEPT) return { ...filtered, found, high };
  const kept = found.slice(-MATCHES_KEPT);
  return { ...filtered, found: kept, low: kept[0]?.index ?? 0, high };
}

/** `12 found in events 0 to 900`. */
export function filteredWords({ found, low, high }: Filtered, newest: number): string {
  const isWhole = low <= 0 && high > newest;
  const where = isWhole ? 'in all events' : `in events ${formatNumber(low)} to ${formatNumber(high - 1)}`;
  return `${formatNumber(found.length)} found ${where}`;
}
