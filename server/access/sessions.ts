/** Sessions of browsers: a cookie that scripts cannot read, in place of the token. */
import type { Sql } from '../db/client.ts';
import { deleteSession, insertSession, sessionToken } from '../db/tokens.ts';
import { hashOf, newSessionSecret } from './token.ts';

export const SESSION_COOKIE = 'simcity_session';
export const SESSION_SECONDS = 12 * 3_600;
/** So long a session that was found is not asked of the database again; signing out is known here at once. */
const KNOWN_MS = 5_000;
const MAX_KNOWN = 1_000;

export class Sessions {
  readonly #sql: Sql;
  /** Those that were real once: what others make up pushes none of them out. */
  readonly #known = new Map<string, { tokenId: string | null; at: number }>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Begins a session and returns what the cookie holds. */
  async begin(tokenId: string): Promise<string> {
    const secret = newSessionSecret();
    await insertSession(this.#sql, hashOf(secret), tokenId, SESSION_SECONDS);
    return secret;
  }

  async end(secret: string): Promise<void> {
    const hash = hashOf(secret);
    await deleteSession(this.#sql, hash);
    const key = hash.toString('base64');
    if (this.#known.has(key)) this.#known.set(key, { tokenId: null, at: performance.now() });
  }

  /** True when it was real before. Asks nobody. */
  isKnown(secret: string): boolean {
    return this.#known.has(hashOf(secret).toString('base64'));
  }

  /** The id of the token that it was begun with; null: it is over. */
  async tokenOf(secret: string): Promise<string | null> {
    const hash = hashOf(secret);
    const key = hash.toString('base64');
    const known = this.#known.get(key);
    if (known && performance.now() - known.at < KNOWN_MS) return known.tokenId;
    const tokenId = await sessionToken(this.#sql, hash);
    if (tokenId === null && known === undefined) return null;
    this.#known.delete(key);
    this.#known.set(key, { tokenId, at: performance.now() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return tokenId;
  }
}
