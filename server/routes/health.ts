/** Liveness, readiness, metrics and the description of the API. */
import { Hono } from 'hono';
import { CHALLENGE_HEADER, PROOF_HEADER, proofOf } from '../contract/host-proof.ts';
import { withinTime } from '../contract/within-time.ts';
import { countRuns, oldestQueuedSeconds } from '../db/runs.ts';
import { countWork } from '../db/shards-shown.ts';
import { ApiError } from '../errors.ts';
import type { Scraped } from '../metrics.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';

const SCRAPE_WITHIN_MS = 2_000;

export function healthRoutes(services: Services): Hono<ServerEnv> {
  const { metrics, version, stopping, readiness, access } = services;
  const routes = new Hono<ServerEnv>();
  let document: string | undefined;

  routes.get('/healthz', (c) => {
    const challenge = c.req.header(CHALLENGE_HEADER);
    if (challenge !== undefined && access.hostToken !== null)
      c.header(PROOF_HEADER, proofOf(access.hostToken, challenge, c.req.header('host') ?? ''));
    return c.json({ status: 'ok', version, time: new Date().toISOString() });
  });

  routes.get('/readyz', async (c) => {
    const problems = stopping.aborted ? ['the server is stopping'] : await readiness.problems();
    if (problems.length > 0) throw new ApiError(503, 'unavailable', `Not ready: ${problems.join('; ')}.`);
    return c.json({ status: 'ready', version });
  });

  routes.get('/metrics', async (c) =>
    c.body(await metrics.text(await scrape(services)), 200, { 'Content-Type': metrics.contentType }),
  );

  routes.get('/openapi.json', (c) => {
    document ??= JSON.stringify(openApiDocument(version));
    return c.body(document, 200, { 'Content-Type': 'application/json' });
  });

  return routes;
}

async function scrape({ sql, hub, version, notifications }: Services): Promise<Scraped> {
  const database = await withinTime(
    Promise.all([countRuns(sql), oldestQueuedSeconds(sql), countWork(sql)]),
    SCRAPE_WITHIN_MS,
  ).then(
    ([runs, oldestQueuedSeconds, work]) => ({ runs, oldestQueuedSeconds, work }),
    () => null,
  );
  const { subscribers, behind, lagEvents, backlogBytes } = hub.load();
  return {
    database,
    subscribers,
    subscribersBehind: behind,
    lagEvents,
    backlogBytes,
    listenerUp: notifications.lostForMs === 0,
    version,
  };
}
