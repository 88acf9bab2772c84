/** The live stream of a run, as Server-Sent Events. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { type Cursor, isTerminal, parseCursor, type StreamMode } from '../contract/index.ts';
import { leadsTo } from '../db/epochs.ts';
import { readLive } from '../db/live.ts';
import { ApiError, invalidRequest, pruned } from '../errors.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { streamQuery } from './parameters.ts';

export function streamRoutes(services: Services): Hono<ServerEnv> {
  const { sql } = services;
  const routes = new Hono<ServerEnv>();

  routes.get('/:runId/stream', async (c) => {
    const asked = readPlace(c);
    const runId = await resolveRunId(sql, c.req.param('runId'));
    const live = await readLive(sql, runId);
    if (!live) throw pruned(runId);
    const { cursor, mode } = asked;
    // It has had the end frame: 204 tells an EventSource not to come back.
    if (cursor.after === 'end' && isTerminal(live.status) && leadsTo(live, cursor)) return c.body(null, 204);
    if (c.req.method === 'HEAD')
      return c.body(null, 200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    if (services.stopping.aborted)
      throw new ApiError(503, 'unavailable', 'The server is stopping. Try again in a moment.');
    services.metrics.streamsOpened += 1;
    const { outgoing } = c.env;
    services.hub.follow({ runId, cursor, mode, live }, outgoing);
    return RESPONSE_ALREADY_SENT;
  });

  return routes;
}

interface Place {
  cursor: Cursor;
  mode: StreamMode;
}

/** Last-Event-ID goes before the query: a client that reconnects repeats the query that it began with. */
function readPlace(c: Context): Place {
  const { from, after, mode } = validate(streamQuery, c.req.query(), 'the query');
  const text = c.req.header('last-event-id') || after;
  if (text === undefined || text === '') {
    return { cursor: { index: (from ?? 0) - 1, after: 'snapshot' }, mode };
  }
  const cursor = parseCursor(text);
  if (cursor) return { cursor, mode };
  throw invalidRequest(
    `The cursor ${JSON.stringify(text.slice(0, 40))} is not one of this stream. Send back the id of a frame, such as 12.5f0c9ab1, 12s or 12e.`,
  );
}
