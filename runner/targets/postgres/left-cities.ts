/** Drops cities whose executions are gone without having dropped them. */
import type postgres from 'postgres';
import { CITY_NAME } from './city-name.ts';
import { connectOne, quoted } from './connection.ts';

/** Tells of the cities of these names which are over, whoever is connected to them, and which are not. Others are left out. */
export type TellOver = (names: readonly string[]) => Promise<ReadonlyMap<string, boolean>>;

/** Connects to the database at `url` for it. @throws Error when it cannot be used. */
export async function dropLeftCities(url: string, tellOver: TellOver): Promise<void> {
  const keeper = connectOne({ url, database: null }, 'simcity-keeper');
  try {
    await sweep(keeper, tellOver);
  } finally {
    await keeper.end({ timeout: 1 });
  }
}

/** Drops those that are over, and of those of which `tellOver` does not tell that the ones that nobody uses. */
export async function sweep(keeper: postgres.Sql, tellOver?: TellOver): Promise<void> {
  const databases = await keeper<{ name: string; used: boolean }[]>`
    select datname as name, exists (select from pg_stat_activity a where a.datname = d.datname) as used
    from pg_database d where datname ~ ${CITY_NAME}`;
  const schemas = await keeper<{ name: string }[]>`
    select nspname as name from pg_namespace where nspname ~ ${CITY_NAME}`;
  const names = [...databases, ...schemas].map(({ name }) => name);
  if (names.length === 0) return;
  const over: ReadonlyMap<string, boolean> = (await tellOver?.(names)) ?? new Map();
  // Another sweeper may have been faster, or the owner have come; that is no reason to fail.
  for (const { name, used } of databases) {
    if (over.get(name)) await dropDatabase(keeper, name).catch(() => {});
    else if (!used && !over.has(name))
      await keeper.unsafe(`drop database if exists ${quoted(name)}`).catch(() => {});
  }
  for (const { name } of schemas) {
    if (over.get(name)) await endUsers(keeper, name).catch(() => {});
    else if (over.has(name)) continue;
    const [lock] = await keeper`select pg_try_advisory_lock(hashtext(${name})) as mine`;
    if (!lock?.['mine']) continue;
    await dropSchema(keeper, name).catch(() => {});
    await keeper`select pg_advisory_unlock(hashtext(${name}))`;
  }
}

/** Ends the backends that hold or wait for something of a city that shares its database with others, and its keeper. */
async function endUsers(keeper: postgres.Sql, schema: string): Promise<void> {
  await keeper`
    select pg_terminate_backend(pid, 1000) from (
      select distinct pid from pg_locks where pid <> pg_backend_pid()
        and database = (select oid from pg_database where datname = current_database())
        and (relation in (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = ${schema})
          or (locktype = 'advisory' and objsubid = 1 and (classid::bigint << 32 | objid::bigint) = hashtext(${schema})))
    ) as users`;
}

export async function dropDatabase(keeper: postgres.Sql, name: string): Promise<void> {
  await keeper.unsafe(`drop database if exists ${quoted(name)} with (force)`);
}

export async function dropSchema(sql: postgres.Sql, schema: string): Promise<void> {
  await sql.unsafe(`drop schema if exists ${quoted(schema)} cascade`);
}
