/** Refuses requests that a foreign web page may have caused: by Host (DNS rebinding) and by Origin. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { ApiError } from './errors.ts';

const WILDCARDS = new Set(['0.0.0.0', '::', '*']);

export interface GuardOptions {
  host: string;
  allowedHosts: string[];
}

/** The name in a Host header, without port and brackets, in lower case; null when it is none. */
export function hostName(header: string): string | null {
  try {
    return bare(new URL(`http://${header}`).hostname);
  } catch {
    return null;
  }
}

const bare = (name: string) =>
  name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

/**
 * True when the server may be addressed as `name`. A rebinding attack needs a name of its own, so
 * loopback names always may, and addresses when the server listens on every address.
 */
export function mayBeCalled(name: string, options: GuardOptions): boolean {
  if (name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))) return true;
  const configured = bare(options.host);
  if (name === configured || options.allowedHosts.includes(name)) return true;
  return WILDCARDS.has(configured) && (isIP(name) !== 0 || name === hostname().toLowerCase());
}

export function guard(options: GuardOptions): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header('host') ?? '';
    const name = hostName(header);
    if (name === null || !mayBeCalled(name, options)) {
      throw new ApiError(
        403,
        'forbidden',
        `The Host header ${JSON.stringify(header)} is not a name of this server. Use ${options.host}, or add the name to SIMCITY_ALLOWED_HOSTS.`,
      );
    }
    const target = targetHost(c);
    if (target !== null && target !== name) {
      throw new ApiError(
        403,
        'forbidden',
        `The request is for ${JSON.stringify(target)}, but its Host header says ${JSON.stringify(header)}. This server is no proxy: send the path alone.`,
      );
    }
    const origin = c.req.header('origin');
    if (origin !== undefined && !sameHost(origin, header)) {
      throw new ApiError(
        403,
        'forbidden',
        `The origin ${JSON.stringify(origin)} may not call this server: only its own pages and programs may.`,
      );
    }
    if (origin === undefined && mayChange(c.req.method) && isForeign(c.req.header('sec-fetch-site'))) {
      throw new ApiError(
        403,
        'forbidden',
        'A page of another site made the browser send this. Only the own pages of this server and programs may change something.',
      );
    }
    await next();
  };
}

/** The host of a request whose target is a whole URL, as proxies get it; null for a path. '' for one that is none. */
function targetHost(c: Context): string | null {
  const target = (c.env as Partial<HttpBindings> | undefined)?.incoming?.url ?? '/';
  if (target.startsWith('/') || target === '*') return null;
  return bare(URL.parse(target)?.hostname ?? '');
}

const mayChange = (method: string) => method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';

/** By what the browser says of who made the request. Programs say nothing. */
export const isForeign = (site: string | undefined) =>
  site !== undefined && site !== 'same-origin' && site !== 'none';

function sameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === new URL(`http://${host}`).host;
  } catch {
    return false;
  }
}
