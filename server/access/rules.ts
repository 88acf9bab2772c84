/** What a call needs: nothing, a scope, or the token of one run. One table, before all routes. */
import { ADMIN_BASE, API_BASE, type Scope, SESSION_PATH } from '../contract/index.ts';

/**
 * `open`: served to everybody. `ingest`: the route itself asks for the token of its run. A scope: only
 * with a token that has it, once tokens are asked for.
 */
export type Need = 'open' | 'ingest' | Scope;

/** A page for browsers and its files hold no data, and it is by them that people sign in. */
const PAGES = `${ADMIN_BASE}/`;
const TELEMETRY = new RegExp(`^${API_BASE}/runs/[^/]+/telemetry$`);
const STREAM = new RegExp(`^${API_BASE}/(runs|campaigns)/[^/]+/stream$`);

export function needOf(method: string, path: string): Need {
  const reads = method === 'GET' || method === 'HEAD';
  if (path === '/healthz' || path === '/readyz' || path === SESSION_PATH) return 'open';
  if (reads && (path === '/' || path === ADMIN_BASE || path.startsWith(PAGES))) return 'open';
  if (method === 'POST' && TELEMETRY.test(path)) return 'ingest';
  return reads ? 'read' : 'control';
}

export function isStream(method: string, path: string): boolean {
  return method === 'GET' && STREAM.test(path);
}
