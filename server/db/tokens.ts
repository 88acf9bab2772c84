/** Tokens and sessions in the database: digests only. */
import type { Scope, TokenInfo } from '../contract/index.ts';
import type { Sql } from './client.ts';

export interface StoredToken {
  id: string;
  name: string;
  scopes: Scope[];
  hash: Buffer;
}

/** Those that may be used now, and whether there is any at all: one that expired opens nothing to everybody. */
export async function readTokens(sql: Sql): Promise<{ usable: StoredToken[]; any: boolean }> {
  const rows = await sql<
    { id: string; name: string; scopes: Scope[]; token_hash: Buffer; usable: boolean }[]
  >`
    select id, name, scopes, token_hash,
      revoked_at is null and (expires_at is null or expires_at > clock_timestamp()) as usable
    from simcity_tokens`;
  const usable = rows
    .filter((row) => row.usable)
    .map(({ id, name, scopes, token_hash }) => ({ id, name, scopes, hash: token_hash }));
  return { usable, any: rows.length > 0 };
}

/** False: there is a token with this name, which was not revoked. */
export async function insertToken(sql: Sql, token: StoredToken, days: number | null): Promise<boolean> {
  const rows = await sql`
    insert into simcity_tokens (id, name, scopes, token_hash, expires_at)
    values (${token.id}, ${token.name}, ${token.scopes}, ${token.hash},
      clock_timestamp() + ${days}::double precision * interval '1 day')
    on conflict (name) where revoked_at is null do nothing returning id`;
  return rows.length === 1;
}

/** Newest first. */
export async function listTokens(sql: Sql): Promise<TokenInfo[]> {
  const rows = await sql<
    {
      id: string;
      name: string;
      scopes: Scope[];
      created_at: Date;
      expires_at: Date | null;
      revoked_at: Date | null;
    }[]
  >`select id, name, scopes, created_at, expires_at, revoked_at from simcity_tokens order by created_at desc, id`;
  return rows.map(({ id, name, scopes, created_at, expires_at, revoked_at }) => ({
    id,
    name,
    scopes,
    createdAt: created_at.toISOString(),
    expiresAt: expires_at?.toISOString() ?? null,
    revokedAt: revoked_at?.toISOString() ?? null,
  }));
}

/** By id or name. Answers the names of those that this call revoked. */
export async function revokeToken(sql: Sql, which: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    update simcity_tokens set revoked_at = clock_timestamp()
    where revoked_at is null and (id = ${which} or name = ${which}) returning name`;
  return rows.map(({ name }) => name);
}

/** Removes the rows of tokens that were revoked or have expired; answers the names. */
export async function forgetTokens(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    delete from simcity_tokens where revoked_at is not null or expires_at <= clock_timestamp() returning name`;
  return rows.map(({ name }) => name);
}

/** Takes the sessions that are over away, too: the table holds no more than signs in within their lifetime. */
export async function insertSession(sql: Sql, hash: Buffer, tokenId: string, seconds: number): Promise<void> {
  await sql`delete from simcity_sessions where expires_at < clock_timestamp()`;
  await sql`insert into simcity_sessions (id_hash, token_id, expires_at)
    values (${hash}, ${tokenId}, clock_timestamp() + make_interval(secs => ${seconds}))`;
}

/** The id of the token that the session was signed in with; null: it is over, or never was. */
export async function sessionToken(sql: Sql, hash: Buffer): Promise<string | null> {
  const [row] = await sql<{ token_id: string }[]>`
    select token_id from simcity_sessions where id_hash = ${hash} and expires_at > clock_timestamp()`;
  return row?.token_id ?? null;
}

export async function deleteSession(sql: Sql, hash: Buffer): Promise<void> {
  await sql`delete from simcity_sessions where id_hash = ${hash}`;
}
