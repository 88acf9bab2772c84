/** Opens one connection of a run to PostgreSQL, on which nothing but the engine decides when a statement ends. */
import postgres from 'postgres';

/** A database of the server at `url`; null: the one that the URL names. */
export interface Place {
  readonly url: string;
  readonly database: string | null;
}

/**
 * Limits of time that a role or a database may have: with them the clock would decide what a statement comes to. As
 * text: the driver does not send a number that is 0.
 */
export const NO_LIMITS: Record<string, string> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

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

/** `name` is what the server shows it as; it is opened by the first statement. */
export function connectOne(
  { url, database }: Place,
  name: string,
  settings: Record<string, string> = {},
  onclose: () => void = () => {},
): postgres.Sql {
  return postgres(url, {
    ...(database === null ? {} : { database }),
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => {},
    onclose,
    connection: { application_name: name, ...NO_LIMITS, ...settings },
  });
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
