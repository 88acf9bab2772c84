/** All stored events of a run, page by page. */
import type { EventPage } from '../../server/contract/telemetry.ts';

/** Asks for the page that begins with event `from`. */
export type ReadEvents = (query: { from: number; limit: number }) => Promise<EventPage>;

const PAGE = 2_000;

/** In order, with no more than a page in memory. */
export async function* storedEvents(read: ReadEvents) {
  for (let next: number | null = 0; next !== null; ) {
    const page: EventPage = await read({ from: next, limit: PAGE });
    yield* page.events;
    next = page.events.length === 0 ? null : page.next;
  }
}
