/** What has to be known of the tables of a city, and done with them. */
import type postgres from 'postgres';
import { quoted } from './connection.ts';

/** Vacuum and analyze come when they like and can change plans: the city's tables do without them. */
export async function keepStill(control: postgres.Sql, schema: string): Promise<void> {
  const tables = await control`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind = 'r'`;
  for (const { name } of tables) {
    await control.unsafe(
      `alter table ${quoted(String(name))} set (autovacuum_enabled = false, toast.autovacuum_enabled = false)`,
    );
  }
}

/** True when constraints or triggers can be put off to the end of a transaction. */
export async function hasDeferrable(control: postgres.Sql, schema: string): Promise<boolean> {
  const [row] = await control`
    select exists (
      select from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and t.tgdeferrable) as found`;
  return row?.['found'] === true;
}

/**
 * The statement that empties a city that has just been built: all its state is in tables that the DDL left
 * empty, and in the sequences of their columns. Empty when there is other state: it has to be built anew.
 */
export async function renewalOf(control: postgres.Sql, schema: string): Promise<string> {
  const [others] = await control`
    select count(*)::int as count from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and (c.relkind in ('m', 'p', 'f') or c.relkind = 'S' and not exists (
      select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0))`;
  if (others?.['count'] !== 0) return '';
  const tables = await control`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind = 'r' order by c.relname`;
  const names = tables.map(({ name }) => quoted(String(name)));
  if (names.length === 0) return '';
  const filled = names.map((name) => `exists (select from ${name})`).join(' or ');
  const [row] = await control.unsafe(`select ${filled} as filled`);
  return row?.['filled'] === false ? `truncate ${names.join(', ')} restart identity` : '';
}
