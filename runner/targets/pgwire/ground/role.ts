/** The role that a service has in its clones: it owns what is in them, and may do nothing beside. */
import type postgres from 'postgres';
import { sqlState } from '../../../service/sql-service.ts';
import { quoted } from '../../postgres/connection.ts';
import { NO_LIMITS, type Settings } from '../../postgres/session-settings.ts';
import { ROLE_PASSWORD } from './passwords.ts';

/** The role that SimCity itself has on the server. */
interface Maker {
  readonly name: string;
  readonly isSuperuser: boolean;
}

/**
 * Durability is nothing to a database that lasts for one execution. SimCity finds every deadlock and picks its victim;
 * PostgreSQL would do so after a second.
 */
const SETTINGS: Settings = { ...NO_LIMITS, synchronous_commit: 'off', deadlock_timeout: '1h' };
/** Read when a connection is made, by a superuser's leave: no setting of a role of ours. */
const NOT_TAKEN_ALONG = /_preload_libraries$/;

/** @throws Error that says what to do when the own role may not make databases or roles. */
export async function assertMayMake(sql: postgres.Sql): Promise<Maker> {
  const [row] = await sql`
    select rolname as name, rolsuper as super, rolcreatedb as databases, rolcreaterole as roles
    from pg_roles where rolname = current_user`;
  const name = String(row?.['name']);
  const isSuperuser = row?.['super'] === true;
  const missing = [
    ...(isSuperuser || row?.['databases'] === true ? [] : ['createdb']),
    ...(isSuperuser || row?.['roles'] === true ? [] : ['createrole']),
  ];
  if (missing.length === 0) return { name, isSuperuser };
  const what = missing.map((each) => (each === 'createdb' ? 'databases' : 'roles')).join(' and ');
  throw new Error(
    `The role ${name} may not create ${what}, and the gate needs a database and a role of its own. Let it: alter role ${quoted(name)} ${missing.join(' ')} (as a superuser). Or name a role that may in the URL.`,
  );
}

/**
 * Creates the role, with the settings that connections to the database `like` have: those of the database, and those
 * of the role in the URL. `source`: a connection to the server of that database.
 */
export async function createRole(
  sql: postgres.Sql,
  role: string,
  like: string,
  maker: Maker,
  source: postgres.Sql = sql,
): Promise<void> {
  const name = quoted(role);
  await sql.unsafe(
    `create role ${name} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '${ROLE_PASSWORD}'`,
  );
  // To make it the owner of anything, one has to be a member of it.
  if (!maker.isSuperuser) await sql.unsafe(`grant ${name} to current_user`);
  for (const setting of await settingsOf(source, like)) {
    const [key = '', ...value] = setting.split('=');
    if (!NOT_TAKEN_ALONG.test(key)) await set(sql, role, key, ownSchema(key, value.join('='), maker.name));
  }
  for (const [key, value] of Object.entries(SETTINGS)) await set(sql, role, key, value);
}

/** The later ones count. */
async function settingsOf(sql: postgres.Sql, database: string): Promise<string[]> {
  const rows = await sql`
    select setting from pg_db_role_setting s, unnest(s.setconfig) with ordinality as each (setting, n)
    where s.setdatabase in (0, (select oid from pg_database where datname = ${database}))
      and s.setrole in (0, current_user::regrole) and (s.setdatabase, s.setrole) <> (0, 0)
    order by s.setrole <> 0 and s.setdatabase <> 0, s.setrole <> 0, n`;
  return rows.map((row) => String(row['setting']));
}

/** In a search path `$user` is the role that the service has otherwise. */
function ownSchema(key: string, value: string, user: string): string {
  return key === 'search_path' ? value.replaceAll('"$user"', quoted(user)) : value;
}

/** As its value is now, because lists cannot be set from their text. What only others may set is left out. */
async function set(sql: postgres.Sql, role: string, key: string, value: string): Promise<void> {
  await sql
    .begin(async (transaction) => {
      await transaction`select set_config(${key}, ${value}, true)`;
      const name = key.split('.').map(quoted).join('.');
      await transaction.unsafe(`alter role ${quoted(role)} set ${name} from current`);
    })
    .catch((error: unknown) => {
      if (sqlState(error) === null) throw error;
    });
}
