/** Makes all that is in a database of ours the role's own, so that a service may migrate it; and keeps it still. */
import type postgres from 'postgres';
import { sqlState } from '../../../service/sql-service.ts';
import { reasonOf } from './reason.ts';

/** Statements sent at once: each holds a lock until all of them are done, and a server has room for some thousands. */
const AT_ONCE = 100;
const FIRST_OF_USERS = 16_384;

/** Objects of nobody's: no extension's, none of the system's, and none that go with a column. */
const STATEMENTS = `
  with schemas as (
    select n.oid, n.nspname from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  ), parts as (
    select classid, objid from pg_depend where deptype = 'e'
  )
  select 1 as rank, format('alter schema %I owner to %I', n.nspname, $1::text) as statement
  from pg_namespace n join schemas using (oid)
  where n.nspowner <> $1::text::regrole and n.nspowner <> coalesce(to_regrole('pg_database_owner'), 0)
    and ('pg_namespace'::regclass, n.oid) not in (select * from parts)
  union all
  select 2, format('alter %s %I.%I owner to %I',
    case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
      when 'f' then 'foreign table' else 'table' end, s.nspname, c.relname, $1::text)
  from pg_class c join schemas s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.oid >= ${FIRST_OF_USERS} and c.relowner <> $1::text::regrole
    and ('pg_class'::regclass, c.oid) not in (select * from parts)
    and not (c.relkind = 'S' and exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
        and d.deptype in ('a', 'i')))
  union all
  select 3, format('alter routine %s owner to %I', p.oid::regprocedure, $1::text)
  from pg_proc p join schemas s on s.oid = p.pronamespace
  where p.oid >= ${FIRST_OF_USERS} and p.proowner <> $1::text::regrole
    and ('pg_proc'::regclass, p.oid) not in (select * from parts)
  union all
  select 4, format('alter type %I.%I owner to %I', s.nspname, t.typname, $1::text)
  from pg_type t join schemas s on s.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where t.oid >= ${FIRST_OF_USERS} and t.typowner <> $1::text::regrole
    and (t.typtype in ('e', 'd', 'r') or t.typtype = 'b' and t.typcategory <> 'A' or c.relkind = 'c')
    and ('pg_type'::regclass, t.oid) not in (select * from parts)
  union all
  select 5, format('alter large object %s owner to %I', l.oid, $1::text)
  from pg_largeobject_metadata l where l.lomowner <> $1::text::regrole
  order by 1, 2`;

/** Vacuum and analyze come when they like, and can change plans. */
const STILL = `
  select format('alter %s %I.%I set (autovacuum_enabled = false%s)',
    case c.relkind when 'm' then 'materialized view' else 'table' end, n.nspname, c.relname,
    case when c.reltoastrelid <> 0 then ', toast.autovacuum_enabled = false' end) as statement
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.oid >= ${FIRST_OF_USERS} and n.nspname !~ '^pg_'
    and not coalesce('autovacuum_enabled=false' = any(c.reloptions), false)
  order by 1`;

/** `sql` is a connection to that database. @throws Error that says what to do when something belongs to others. */
export async function makeOwn(sql: postgres.Sql, role: string): Promise<void> {
  await sql`set search_path to pg_catalog`;
  const rows = await sql.unsafe(STATEMENTS, [role]);
  const statements = rows.map((row) => String(row['statement']));
  try {
    for (let i = 0; i < statements.length; i += AT_ONCE) {
      await sql.unsafe(statements.slice(i, i + AT_ONCE).join(';'));
    }
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new Error(
      `What is in the copy cannot be made the service's own (${reasonOf(error)}). Name the role that owns it in the URL of --gate, or a superuser.`,
      { cause: error },
    );
  }
}

/** Tables that a service makes itself are kept still by being asked again. What is another's stays as it is. */
export async function keepStill(sql: postgres.Sql): Promise<void> {
  const rows = await sql.unsafe(STILL);
  for (const row of rows) await sql.unsafe(String(row['statement'])).catch(() => {});
}
