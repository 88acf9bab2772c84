/** Opens one connection of a run to PostgreSQL, on which nothing but the engine decides when a statement ends. */
import postgres from 'postgres';
import { NO_LIMITS, type Settings, takenBack, telling } from './session-settings.ts';
import { isDatabaseAway } from './sql-client.ts';

/** A database of the server at `url`; null: the one that the URL names. */
export interface Place {
  readonly url: string;
  readonly database: string | null;
}

/**
 * Takes from a connection what it was told and what it holds, and leaves the statements that the driver has prepared:
 * one after the other what `discard all` does but for those. Settings that the service has made up are empty
 * afterwards instead of unknown.
 */
export const RESET = `
  rollback; close all; set session authorization default; reset all; unlisten *; select pg_advisory_unlock_all();
  discard temp; discard sequences; discard plans;
  do $$ declare name text; begin
    for name in select p.name from pg_prepared_statements p where from_sql loop
      execute format('deallocate %I', name);
    end loop;
  end $$`;

/** Not every version of PostgreSQL knows it. */
const NEW_LIMIT = { transaction_timeout: '0' };

/**
 * `name` is what the server shows it as; it is opened by the first statement. What it is told goes ahead of that one,
 * and again ahead of the next where a statement has taken it back.
 */
export function connectOne(
  { url, database }: Place,
  name: string,
  settings: Settings = {},
  onclose: () => void = () => {},
): postgres.Sql {
  const told = { ...NO_LIMITS, ...NEW_LIMIT, ...settings };
  let untold: Settings | null = told;
  const sql = postgres(url, {
    ...(database === null ? {} : { database }),
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => {},
    onclose: () => {
      untold = told;
      onclose();
    },
    connection: { application_name: name },
  });
  const tell = () => {
    if (untold === null) return;
    const text = telling(untold);
    untold = null;
    sql
      .unsafe(text)
      .execute()
      .catch((error: unknown) => {
        if (isDatabaseAway(error)) untold = told;
      });
  };
  const unsafe: postgres.Sql['unsafe'] = (text, ...rest) => {
    tell();
    untold = takenBack(text, told);
    return sql.unsafe(text, ...rest);
  };
  return new Proxy(sql, {
    apply(_, __, args: Parameters<typeof sql>) {
      tell();
      return sql(...args);
    },
    get(_, key) {
      if (key === 'begin') tell();
      return key === 'unsafe' ? unsafe : Reflect.get(sql, key);
    },
  });
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
