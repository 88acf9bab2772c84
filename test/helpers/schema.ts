/** What a database consists of, as text that can be compared. */
import type { Sql } from '../../server/db/client.ts';

/** All that the migrations make, a line each: columns, constraints, indexes, functions, triggers, row security. */
export async function schemaOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||
        coalesce(column_default, '') as line
      from information_schema.columns where table_schema = 'public' and table_name like 'simcity%'
    union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all select 'function ' || oid::regprocedure || ' ' || md5(pg_get_functiondef(oid))
      from pg_proc where pronamespace = 'public'::regnamespace and proname like 'simcity%'
    union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select 'table ' || relname || ' ' || relkind::text || ' ' || relrowsecurity || ' ' || coalesce(reloptions::text, '')
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    union all select 'policy ' || tablename || ' ' || policyname from pg_policies where schemaname = 'public'
    order by line`;
  return rows.map(({ line }) => line);
}
