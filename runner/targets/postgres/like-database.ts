/** Makes an empty database that works like another: with its encoding, order of text, settings and extensions. */
import type postgres from 'postgres';
import { sqlState } from '../../service/sql-service.ts';
import { quoted } from './connection.ts';

/** What of `pg_database` decides how text is kept and ordered; later versions of PostgreSQL have other columns. */
const TEXT = [
  'encoding',
  'datcollate',
  'datctype',
  'datlocprovider',
  'datlocale',
  'daticulocale',
  'daticurules',
];
const PROVIDERS: Record<string, string> = { b: 'builtin', c: 'libc', i: 'icu' };
/** Lists cannot be set from their text, and the search path is the city's own. */
const NOT_TAKEN_ALONG = /^(?:search_path|temp_tablespaces|.*_preload_libraries)$/;
/** Out of resources, shutting down, or broken: there a schema would fare no better. */
const SERVER_TROUBLE = /^(?:53|57|58|XX)/;

type Row = Record<string, unknown>;

/** The database of a connection, as far as another can be made like it. */
export interface Likeness {
  readonly text: string;
  /** `name=value`. */
  readonly settings: readonly string[];
  readonly extensions: readonly { name: string; schema: string }[];
}

export async function likenessOf(sql: postgres.Sql): Promise<Likeness> {
  const [row] = await sql`
    select to_jsonb(own) as own, to_jsonb(base) as base, pg_encoding_to_char(own.encoding) as encoding,
      (select coalesce(jsonb_agg(setting), '[]') from pg_db_role_setting s, unnest(s.setconfig) as setting
       where s.setdatabase = own.oid and (s.setrole = 0 or s.setrole = current_user::regrole)) as settings,
      (select coalesce(jsonb_agg(jsonb_build_object('name', e.extname, 'schema', n.nspname) order by e.oid), '[]')
       from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql') as extensions
    from pg_database own, pg_database base
    where own.datname = current_database() and base.datname = 'template0'`;
  const { own, base, encoding, settings, extensions } = row as Row;
  return {
    text: textClauses(own as Row, base as Row, String(encoding)),
    settings: settings as Likeness['settings'],
    extensions: extensions as Likeness['extensions'],
  };
}

/** Empty where an empty database is like that by itself. */
function textClauses(own: Row, base: Row, encoding: string): string {
  if (TEXT.every((column) => own[column] === base[column])) return '';
  const provider = PROVIDERS[String(own['datlocprovider'] ?? 'c')];
  const locale = own['datlocale'] ?? own['daticulocale'];
  const clauses: [string, unknown][] = [
    ['encoding', encoding],
    ['lc_collate', own['datcollate']],
    ['lc_ctype', own['datctype']],
    ['locale_provider', provider],
    [`${provider}_locale`, provider === 'libc' ? null : locale],
    ['icu_rules', own['daticurules']],
  ];
  return clauses
    .map(([name, value]) => (typeof value === 'string' ? ` ${name} ${literal(value)}` : ''))
    .join('');
}

/** False when the role may not create databases, or the server cannot. */
export async function createLike(
  sql: postgres.Sql,
  name: string,
  { text, settings }: Likeness,
): Promise<boolean> {
  try {
    await sql.unsafe(`create database ${quoted(name)} template template0${text}`);
  } catch (error) {
    const state = sqlState(error);
    if (state === null || SERVER_TROUBLE.test(state)) throw error;
    return false;
  }
  // The engine finds every deadlock and picks its victim; PostgreSQL would do so after a second. Where the role may
  // not say so, it has to be fast enough, as it is.
  for (const setting of [...settings, 'deadlock_timeout=1h']) {
    const [key = '', ...value] = setting.split('=');
    if (NOT_TAKEN_ALONG.test(key)) continue;
    const text = `alter database ${quoted(name)} set ${key.split('.').map(quoted).join('.')} to ${literal(value.join('='))}`;
    await sql.unsafe(text).catch(() => {});
  }
  return true;
}

/** What can only be in one database of a server, or only by another role, is left out. */
export async function installExtensions(sql: postgres.Sql, { extensions }: Likeness): Promise<void> {
  for (const { name, schema } of extensions) {
    await sql.unsafe(`create schema if not exists ${quoted(schema)}`).catch(() => {});
    await sql
      .unsafe(`create extension if not exists ${quoted(name)} with schema ${quoted(schema)} cascade`)
      .catch(() => {});
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
