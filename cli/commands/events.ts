/** `simcity events`: the stored history of a run. */
import type { RunEvent } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { connectForReading } from '../hosting/connect.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { detailOf, objectOf } from '../run/describe-event.ts';
import { formatClock } from '../run/format.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { alignLeft } from '../terminal/columns.ts';

interface EventsFlags {
  from?: number;
  limit?: number;
  server?: string;
  dataDir?: string;
  json?: true;
}

const PAGE = 1_000;

export async function events(context: Context, runId: string, flags: EventsFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const { id } = await api.run(runId);
  for await (const page of eventPages(api, id, flags.from ?? 0, flags.limit ?? Number.POSITIVE_INFINITY)) {
    if (context.leaving.aborted) break;
    await context.out(page.map((event) => `${flags.json ? safeJson(event) : eventLine(event)}\n`).join(''));
  }
  await hosted?.close();
  return EXIT.pass;
}

async function* eventPages(api: Api, runId: string, from: number, limit: number): AsyncGenerator<RunEvent[]> {
  let next: number | null = from;
  let left = limit;
  while (next !== null && left > 0) {
    const page = await api.events(runId, { from: next, limit: Math.min(PAGE, left) });
    if (page.events.length === 0) return;
    left -= page.events.length;
    yield page.events;
    next = page.next;
  }
}

function eventLine(event: RunEvent): string {
  const columns = [
    String(event.index).padStart(7),
    formatClock(event.virtualMs, 3),
    alignLeft(safeText(event.type), 16),
    alignLeft(safeText(event.actor), 13),
    // A statement is about no object, and long.
    ...(event.type === 'statement' ? [] : [alignLeft(objectOf(event) ?? '', 9)]),
    detailOf(event),
  ];
  return columns.join('  ').trimEnd();
}
