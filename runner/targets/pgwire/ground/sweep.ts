/** Takes from a server what belongs to a stage that is over, or to the stages of processes that are gone. */
import { setTimeout as delay } from 'node:timers/promises';
import type postgres from 'postgres';
import { quoted } from '../../postgres/connection.ts';
import { DATABASE_NAMES, KEEPER_PREFIX, namesOf, ROLE_NAMES } from './names.ts';

/** A keeper that a restart of the server has cut off is back before. */
const LOOK_AGAIN_MS = 1_000;
/** A backend that was told to end is gone before, in looks of 20 ms. */
const LOOKS = 250;
const LOOK_EVERY_MS = 20;

/** Drops what processes have left behind that are gone. Others may do the same at the same time. */
export async function sweep(sql: postgres.Sql): Promise<void> {
  const ids = await leftBehind(sql);
  if (ids.length === 0) return;
  await delay(LOOK_AGAIN_MS);
  const still = new Set(await leftBehind(sql));
  for (const id of ids) {
    // What cannot be dropped now, the next one sweeps.
    if (still.has(id)) await clear(sql, id).catch(() => {});
  }
}

/**
 * Ids whose keepers are not connected. A keeper is there before all that has its id, so that whatever this statement
 * sees of a living process, it sees the keeper of as well.
 */
async function leftBehind(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql`
    select id from (
      select substring(datname from ${DATABASE_NAMES}) as id from pg_database
      union select substring(rolname from ${ROLE_NAMES}) from pg_roles) as own
    where id is not null
      and not exists (select from pg_stat_activity where application_name = ${KEEPER_PREFIX} || id)
    order by id`;
  return rows.map((row) => String(row['id']));
}

/** Drops the databases and the role of this id. @throws Error when something of it cannot be dropped. */
export async function clear(sql: postgres.Sql, id: string): Promise<void> {
  const databases = await sql`
    select datname as name from pg_database where substring(datname from ${DATABASE_NAMES}) = ${id} order by datname`;
  for (const { name } of databases) await dropDatabase(sql, String(name));
  // Who may not create roles may not even ask to drop one that is not there.
  const { role } = namesOf(id);
  const [own] = await sql`select from pg_roles where rolname = ${role}`;
  if (own) await sql.unsafe(`drop role if exists ${quoted(role)}`);
}

export async function dropDatabase(sql: postgres.Sql, name: string): Promise<void> {
  await sql.unsafe(`drop database if exists ${quoted(name)} with (force)`);
}

/** Ends the keeper of a process that is gone, which may be in the middle of making a database. */
export async function endKeeper(sql: postgres.Sql, id: string): Promise<void> {
  const { keeper } = namesOf(id);
  for (let look = 0; look < LOOKS; look++) {
    const rows = await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = ${keeper} and pid <> pg_backend_pid()`;
    if (rows.length === 0) return;
    await delay(LOOK_EVERY_MS);
  }
}
