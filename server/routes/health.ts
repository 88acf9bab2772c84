/** Liveness, readiness, metrics and the description of the API. */
import { Hono } from 'hono';
import { countByStatus } from '../db/runs.ts';
import { unavailable } from '../errors.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { ServerEnv, Services } from '../services.ts';

const READY_WITHIN_MS = 2_000;

export function healthRoutes({ sql, hub, metrics, version, stopping }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();
  let document: string | undefined;

  routes.get('/healthz', (c) => c.json({ status: 'ok', version }));

  routes.get('/readyz', async (c) => {
    if (stopping.aborted) throw unavailable();
    await within(READY_WITHIN_MS, sql`select 1 from simcity_runs limit 1`);
    return c.json({ status: 'ready', version });
  });

  routes.get('/metrics', async (c) => {
    const runs = await within(READY_WITHIN_MS, countByStatus(sql)).catch(() => null);
    return c.body(metrics.text(runs, hub.subscribers, version), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    });
  });

  routes.get('/openapi.json', (c) => {
    document ??= JSON.stringify(openApiDocument(version));
    return c.body(document, 200, { 'Content-Type': 'application/json' });
  });

  return routes;
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable()), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
