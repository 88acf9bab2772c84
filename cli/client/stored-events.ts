/** All stored events of a run, page by page. */
import type { RunEvent } from '../../server/contract/index.ts';
import type { Api } from './api.ts';

const PAGE = 2_000;

/** From event `from` on, in order. */
export async function* storedEvents(
  api: Api,
  runId: string,
  from = 0,
): AsyncGenerator<RunEvent, void, undefined> {
  for (let next: number | null = from; next !== null; ) {
    const page: Awaited<ReturnType<Api['events']>> = await api.events(runId, { from: next, limit: PAGE });
    yield* page.events;
    next = page.events.length === 0 ? null : page.next;
  }
}
