/** The stored history of a run: events, snapshots, and the city folded from them. */
import { type Context, Hono } from 'hono';
import { readEventPage, type StoredEvent } from '../db/events.ts';
import { readLive } from '../db/live.ts';
import { readSnapshots, readThinned } from '../db/snapshots.ts';
import { ApiError } from '../errors.ts';
import { foldCity } from '../runs/fold-city.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import type { ServerEnv, Services } from '../services.ts';
import { validate } from '../validate.ts';
import { eventsQuery, snapshotsQuery, stateQuery } from './parameters.ts';

export function historyRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.get('/:runId/events', async (c) => {
    const { from, limit } = validate(eventsQuery, c.req.query(), 'the query');
    const id = await resolveRunId(sql, c.req.param('runId'));
    const { events } = await readEventPage(sql, id, from, limit);
    const last = events.at(-1)?.index;
    // Read after the events, so that what came meanwhile is announced rather than overlooked.
    const stored = last === undefined ? -1 : ((await readLive(sql, id))?.eventIndex ?? -1);
    return jsonText(c, 'events', events, last !== undefined && last < stored ? last + 1 : null);
  });

  routes.get('/:runId/snapshots', async (c) => {
    const { from, limit, every } = validate(snapshotsQuery, c.req.query(), 'the query');
    const id = await resolveRunId(sql, c.req.param('runId'));
    // One more than asked for tells whether there is a next page.
    const found =
      every === 1
        ? await readSnapshots(sql, id, from, limit + 1)
        : await readThinned(sql, id, from, limit + 1, every);
    return jsonText(c, 'snapshots', found.slice(0, limit), found[limit]?.index ?? null);
  });

  routes.get('/:runId/state', async (c) => {
    const { at } = validate(stateQuery, c.req.query(), 'the query');
    const id = await resolveRunId(sql, c.req.param('runId'));
    const newest = (await readLive(sql, id))?.eventIndex ?? -1;
    if (newest < 0 || (at ?? 0) > newest) {
      const known = newest < 0 ? 'no event is stored yet' : `the newest is ${newest}`;
      throw new ApiError(404, 'not_found', `Run ${id} has no event ${at ?? 0}: ${known}.`);
    }
    return c.json(await foldCity(sql, id, at ?? newest));
  });

  return routes;
}

/** Joins JSON texts as they are stored: nothing of the history is parsed on its way through. */
function jsonText(c: Context, name: string, items: StoredEvent[], next: number | null): Response {
  const list = items.map(({ json }) => json).join(',');
  return c.body(`{"${name}":[${list}],"next":${next}}`, 200, { 'Content-Type': 'application/json' });
}
