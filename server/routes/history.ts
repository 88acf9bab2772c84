/** The stored history of a run: events, snapshots, and the city folded from them. */
import { type Context, Hono } from 'hono';
import type { Sql } from '../db/client.ts';
import { readEventPage, type StoredEvent } from '../db/events.ts';
import { readLive, type StoredLive } from '../db/live.ts';
import { readSnapshots, readThinned, withTimes } from '../db/snapshots.ts';
import { ApiError, pruned } from '../errors.ts';
import { CityFolds } from '../runs/city-folds.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { eventsQuery, snapshotsQuery, stateQuery } from './parameters.ts';

export function historyRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  const folds = new CityFolds(sql);

  routes.get('/:runId/events', async (c) => {
    const { from, limit } = validate(eventsQuery, c.req.query(), 'the query');
    const id = await resolveRunId(sql, c.req.param('runId'));
    const { events } = await readEventPage(sql, id, from, limit);
    const last = events.at(-1)?.index;
    // Read after the events, so that what came meanwhile is announced rather than overlooked.
    const { eventIndex } = await liveOf(sql, id);
    return jsonText(c, 'events', events, last !== undefined && last < eventIndex ? last + 1 : null);
  });

  routes.get('/:runId/snapshots', async (c) => {
    const { from, limit, every } = validate(snapshotsQuery, c.req.query(), 'the query');
    const id = await resolveRunId(sql, c.req.param('runId'));
    // One more than asked for tells whether there is a next page.
    const found =
      every === 1
        ? await readSnapshots(sql, id, from, limit + 1)
        : await readThinned(sql, id, from, limit + 1, every);
    const page = await withTimes(sql, id, found.slice(0, limit));
    await liveOf(sql, id);
    return jsonText(c, 'snapshots', page, found[limit]?.index ?? null);
  });

  routes.get('/:runId/state', async (c) => {
    const { at } = validate(stateQuery, c.req.query(), 'the query');
    const id = await resolveRunId(sql, c.req.param('runId'));
    const stored = await liveOf(sql, id);
    const newest = stored.eventIndex;
    if (newest < 0 || (at ?? 0) > newest) {
      const known = newest < 0 ? 'no event is stored yet' : `the newest is ${newest}`;
      throw new ApiError(404, 'not_found', `Run ${id} has no event ${at ?? 0}: ${known}.`);
    }
    const city = await folds.city(id, at ?? newest, stored);
    await liveOf(sql, id);
    return c.json(city);
  });

  return routes;
}

/**
 * Where the history stands. Asked after history was read: a run goes before its history
 * does, so what was read of a run that is still there is whole. @throws ApiError `pruned`
 */
async function liveOf(sql: Sql, id: string): Promise<StoredLive> {
  const live = await readLive(sql, id);
  if (live === null) throw pruned(id);
  return live;
}

/** Joins JSON texts as they are stored: nothing of the history is parsed on its way through. */
function jsonText(c: Context, name: string, items: StoredEvent[], next: number | null): Response {
  const list = items.map(({ json }) => json).join(',');
  return c.body(`{"${name}":[${list}],"next":${next}}`, 200, { 'Content-Type': 'application/json' });
}
