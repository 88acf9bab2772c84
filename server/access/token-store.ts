/** The tokens that a server takes, in memory: those of its environment, and those of the database, looked at again and again. */
import { timingSafeEqual } from 'node:crypto';
import type { FixedToken, Scope } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { errorCode } from '../db/client.ts';
import { readTokens, type StoredToken } from '../db/tokens.ts';
import type { Log } from '../process-edge.ts';
import { hashOf } from './token.ts';

/** A revoked token is refused, and a new one asked for, after this at the latest. */
const LOOK_EVERY_MS = 2_000;
/** A token that nobody knows makes the server look again, but not more often than this. */
const LOOK_AGAIN_MS = 250;

/** Who calls. */
export interface Identity {
  /** Of the token; public. */
  id: string;
  name: string;
  scopes: readonly Scope[];
}

export class TokenStore {
  readonly #sql: Sql;
  readonly #log: Log;
  readonly #fixed: StoredToken[];
  readonly #host: StoredToken[];
  readonly #listeners: ((usable: ReadonlySet<string>) => void)[] = [];
  #stored: StoredToken[] = [];
  #anyStored = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** `hostToken` is the one of the process that hosts this server; that there is one does not close the server. */
  constructor(sql: Sql, fixed: readonly FixedToken[], hostToken: string | null, log: Log) {
    this.#sql = sql;
    this.#log = log;
    this.#fixed = fixed.map(({ name, scopes, secret }) => fixedToken('env', name, scopes, secret));
    this.#host = hostToken === null ? [] : [fixedToken('host', 'host', ['read', 'control'], hostToken)];
  }

  /** Reads the tokens for the first time, and then every 2 s. @throws when the database cannot be read. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /**
   * True once somebody made a token: from then on everybody needs one, also when the last one was revoked or
   * has expired. Only forgetting all of them opens a server again.
   */
  get any(): boolean {
    return this.#anyStored || this.#fixed.length > 0;
  }

  /** Who has this token; null: nobody. Compares with each in constant time. */
  async find(token: string): Promise<Identity | null> {
    const hash = hashOf(token);
    const known = this.#match(hash);
    if (known || performance.now() - this.#lookedAt < LOOK_AGAIN_MS) return known;
    await this.look();
    return this.#match(hash);
  }

  byId(id: string): Identity | null {
    return this.#all().find((token) => token.id === id) ?? null;
  }

  /** Calls `listener` with the ids of all tokens after each look, so that what belongs to others can be ended. */
  onLook(listener: (usable: ReadonlySet<string>) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the tokens again; while the database is away, those that were known are kept. */
  async look(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#log.warn({ code: errorCode(error) }, 'the tokens cannot be read just now; those known are kept');
    }
  }

  #look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    this.#lookedAt = performance.now();
    const { usable: stored, any } = await readTokens(this.#sql);
    this.#stored = stored;
    this.#anyStored = any;
    const usable = new Set(this.#all().map(({ id }) => id));
    for (const listener of this.#listeners) listener(usable);
  }

  #all(): StoredToken[] {
    return [...this.#host, ...this.#fixed, ...this.#stored];
  }

  #match(hash: Buffer): Identity | null {
    let found: Identity | null = null;
    // To the end, whichever it is.
    for (const token of this.#all()) if (timingSafeEqual(token.hash, hash)) found = token;
    return found;
  }
}

/** Its id holds part of its digest, so that sessions of another secret under the same name are over. */
function fixedToken(kind: string, name: string, scopes: Scope[], secret: string): StoredToken {
  const hash = hashOf(secret);
  return { id: `${kind}:${name}:${hash.toString('hex').slice(0, 12)}`, name, scopes, hash };
}
