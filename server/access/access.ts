/** Who calls, and whether a token is asked for at all: what the middleware and the routes of sessions share. */
import { isIP } from 'node:net';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { type FixedToken, settingsOf } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import type { Log } from '../process-edge.ts';
import type { ServerEnv } from '../server-env.ts';
import { IngestTokens } from './ingest-tokens.ts';
import { limit, RateLimit } from './rate-limit.ts';
import { SESSION_COOKIE, Sessions } from './sessions.ts';
import { StreamPlaces } from './stream-places.ts';
import { type Identity, TokenStore } from './token-store.ts';
import { Turns } from './turns.ts';

export interface AccessOptions {
  tokens: readonly FixedToken[];
  requireToken: boolean;
  /** For the process that hosts this server. */
  hostToken: string | null;
  /** Requests a second of one token. */
  requestRate: number;
  streamsPerToken: number;
  streams: number;
}

const NAMES = ['tokens', 'requireToken', 'hostToken', 'requestRate', 'streamsPerToken', 'streams'] as const;

/** What holds when nothing is said. */
export const DEFAULT_ACCESS: AccessOptions = settingsOf({}, NAMES);

/** Interactive clients fetch in bursts: pages of a history as somebody scrubs through it. */
const BURST_SECONDS = 4;
/** A harness sends a batch every 20 ms at most; repeats and several connections included. */
const INGEST_RATE = 500;
/** Wrong tokens from one address: enough for a misconfigured script, too few to search. */
const FAILURES_PER_SECOND = 1;
const FAILURES_BURST = 60;
/** Cookies and tokens of runs from one address that were never real here, each of which asks the database. */
const STRANGERS_PER_SECOND = 50;
const STRANGERS_BURST = 500;

/** How a caller showed who it is. A cookie comes by itself with what a browser sends, so it needs more checks. */
export type Credentials =
  | { by: 'nothing'; identity: null }
  | { by: 'token' | 'cookie'; identity: Identity | null; secret: string };

export class Access {
  readonly tokens: TokenStore;
  readonly ingestTokens: IngestTokens;
  readonly sessions: Sessions;
  readonly places: StreamPlaces;
  readonly turns = new Turns();
  readonly requests: RateLimit;
  readonly ingest = new RateLimit(INGEST_RATE, INGEST_RATE * BURST_SECONDS);
  readonly failures = new RateLimit(FAILURES_PER_SECOND, FAILURES_BURST);
  readonly strangers = new RateLimit(STRANGERS_PER_SECOND, STRANGERS_BURST);
  /** Of the process that hosts this server; null: none does. */
  readonly hostToken: string | null;
  readonly #always: boolean;

  constructor(sql: Sql, host: string, options: AccessOptions, log: Log) {
    this.tokens = new TokenStore(sql, options.tokens, options.hostToken, log);
    this.ingestTokens = new IngestTokens(sql);
    this.sessions = new Sessions(sql);
    this.places = new StreamPlaces(options.streamsPerToken, options.streams);
    this.requests = new RateLimit(options.requestRate, options.requestRate * BURST_SECONDS);
    this.hostToken = options.hostToken;
    this.#always = options.requireToken || !isLoopback(host);
    this.tokens.onLook((usable) => {
      this.places.cutOthers(usable);
      if (this.required) this.places.cutAnonymous();
    });
  }

  /** True when nobody is served without a token. */
  get required(): boolean {
    return this.#always || this.tokens.any;
  }

  /** What the request says of who sent it. A header goes before a cookie. @throws ApiError 429 */
  async credentials(c: Context<ServerEnv>): Promise<Credentials> {
    const secret = bearer(c);
    if (secret !== null) return { by: 'token', identity: await this.tokens.find(secret), secret };
    const cookie = getCookie(c, SESSION_COOKIE);
    if (cookie === undefined || cookie === '') return { by: 'nothing', identity: null };
    this.limitStranger(c, cookie);
    const tokenId = await this.sessions.tokenOf(cookie);
    const identity = tokenId === null ? null : this.tokens.byId(tokenId);
    return { by: 'cookie', identity, secret: cookie };
  }

  /** @throws ApiError 429 for a cookie that was never real here, where its address sent too many of them. */
  limitStranger(c: Context<ServerEnv>, cookie: string): void {
    if (!this.sessions.isKnown(cookie)) limit(this.strangers, addressOf(c));
  }
}

/** The token of the Authorization header; null without one. */
export function bearer(c: Context): string | null {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null;
}

/** The address that the request came from, for limits; whatever stands before this server hides the caller's. */
export function addressOf(c: Context<ServerEnv>): string {
  return c.env.incoming?.socket?.remoteAddress ?? 'unknown';
}

/** True for a name or an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}
