/** Refuses requests that a foreign web page may have caused: by Host (DNS rebinding) and by Origin. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { MiddlewareHandler } from 'hono';
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
    const origin = c.req.header('origin');
    if (origin !== undefined && !sameHost(origin, header)) {
      throw new ApiError(
        403,
        'forbidden',
        `The origin ${JSON.stringify(origin)} may not call this server: only its own pages and programs may.`,
      );
    }
    await next();
  };
}

function sameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === new URL(`http://${host}`).host;
  } catch {
    return false;
  }
}
