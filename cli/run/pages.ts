/** A bounded piece of a run's stored history, page by page, wherever the user looks. */
import type { RunEvent } from '../../server/contract/index.ts';

export const PAGE_EVENTS = 250;
/** Pages kept; the ones that were fetched longest ago go first. */
export const PAGES_KEPT = 32;

/** Page p holds the events from p * PAGE_EVENTS on; the newest page of a running run is not full yet. */
export type Pages = ReadonlyMap<number, readonly RunEvent[]>;

export const NO_PAGES: Pages = new Map();

export function pageOf(index: number): number {
  return Math.floor(index / PAGE_EVENTS);
}

/** `pages` with one more, and without the oldest when there are too many. */
export function withPage(pages: Pages, page: number, events: readonly RunEvent[]): Pages {
  const next = new Map(pages);
  next.delete(page);
  next.set(page, events);
  for (const oldest of next.keys()) {
    if (next.size <= PAGES_KEPT) break;
    next.delete(oldest);
  }
  return next;
}

/** The event with this index; undefined while it is not loaded. */
export function eventAt(pages: Pages, index: number): RunEvent | undefined {
  if (index < 0) return undefined;
  return pages.get(pageOf(index))?.[index % PAGE_EVENTS];
}

/** Pages to fetch so that `from` to `to` are there, in a history whose newest event is `newest`. */
export function missingPages(pages: Pages, from: number, to: number, newest: number): number[] {
  const missing: number[] = [];
  const last = Math.min(to, newest);
  if (last < 0) return missing;
  for (let page = pageOf(Math.max(0, from)); page <= pageOf(last); page++) {
    const known = pages.get(page);
    const wanted = Math.min(PAGE_EVENTS, last - page * PAGE_EVENTS + 1);
    if (known === undefined || known.length < wanted) missing.push(page);
  }
  return missing;
}
