/** Says of each request what became of it: to the log, and to the metrics. */
import type { MiddlewareHandler } from 'hono';
import { isStream, needOf } from './access/rules.ts';
import type { Metrics } from './metrics.ts';
import type { Log } from './process-edge.ts';
import type { ServerEnv } from './server-env.ts';

/** Probes and telemetry come all the time: they are of interest only to who looks for them. */
const FREQUENT = new Set(['probe', 'ingest']);

/** The query is left out of the log, as is everything that a caller sent but method and path. */
export function requestLog(log: Log, metrics: Metrics): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const startedMs = performance.now();
    await next();
    const { method, path } = c.req;
    const stream = isStream(method, path);
    const kind = kindOf(method, path);
    const { status } = c.res;
    const seconds = (performance.now() - startedMs) / 1_000;
    if (!stream) metrics.request(kind, status, seconds);
    const level = FREQUENT.has(kind) ? 'debug' : 'info';
    if (!log.isLevelEnabled(level)) return;
    const ms = Math.round(seconds * 1_000_000) / 1_000;
    log[level](
      { method, path, status, ms, token: c.get('caller') ?? null },
      stream ? 'stream opened' : 'request',
    );
  };
}

function kindOf(method: string, path: string): string {
  const need = needOf(method, path);
  if (need !== 'open') return need;
  return path === '/healthz' || path === '/readyz' ? 'probe' : 'page';
}
