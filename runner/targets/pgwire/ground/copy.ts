/** Copies a database of somebody's into one of ours, without a change to it. */
import type postgres from 'postgres';
import { sqlState } from '../../../service/sql-service.ts';
import { quoted } from '../../postgres/connection.ts';
import { createLike, likenessOf } from '../../postgres/like-database.ts';
import { copyByDump, dumpTools } from './dump.ts';
import { reasonOf } from './reason.ts';
import { dropDatabase } from './sweep.ts';

/** Somebody else is connected; or it is another's, who has not marked it as a template. */
const NOT_BY_TEMPLATE = new Set(['55006', '42501']);

export interface CopyOptions {
  /** A connection to that server, best not to that database. */
  readonly sql: postgres.Sql;
  /** The URL of the database to copy. */
  readonly url: string;
  readonly from: string;
  readonly to: string;
  /** A connection to another database of that server. */
  readonly connect: (database: string) => postgres.Sql;
  /** As `server_version_num`. */
  readonly version: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** By the first way that works; answers which, as a person is told. @throws Error that says what to do. */
export async function copyDatabase(options: CopyOptions): Promise<string> {
  const { sql, from, to } = options;
  const others = await connectedTo(sql, from);
  const tools = await dumpTools(options.env);
  const major = Math.floor(options.version / 10_000);
  const tool = tools.find((each) => each.major >= major);
  // The server waits five seconds for the others to leave: not where there is another way.
  let refused = others.length > 0 && tool !== undefined;
  if (!refused) {
    try {
      await sql.unsafe(`create database ${quoted(to)} template ${quoted(from)}`);
      return 'copied as a template';
    } catch (error) {
      if (!NOT_BY_TEMPLATE.has(sqlState(error) ?? '')) throw error;
      refused = true;
      if (tool === undefined)
        throw new Error(noWay(error, await connectedTo(sql, from), options, tools), { cause: error });
    }
  }
  if (tool === undefined) throw new Error(`There is no way to copy ${from}.`);
  const source = options.connect(from);
  try {
    return await byDump({ ...options, source, own: options.url }, tool);
  } finally {
    await source.end({ timeout: 1 });
  }
}

/** From one server to another, where its clock can be moved. @throws Error that says what to do. */
export async function copyElsewhere(options: DumpOptions & Pick<CopyOptions, 'env'>): Promise<string> {
  const [row] = await options.source`select current_setting('server_version_num')::int as version`;
  const major = Math.floor(Number(row?.['version']) / 10_000);
  const tools = await dumpTools(options.env);
  const tool = tools.find((each) => each.major >= major);
  if (tool) return await byDump(options, tool);
  throw new Error(
    `The database ${options.from} cannot be copied to the PostgreSQL of the virtual clock: ${installText(major, tools)}.`,
  );
}

interface DumpOptions extends Pick<CopyOptions, 'sql' | 'url' | 'from' | 'to'> {
  /** A connection to the database that is copied. */
  readonly source: postgres.Sql;
  /** The URL of the server that `sql` is connected to. */
  readonly own: string;
}

async function byDump(options: DumpOptions, tool: Parameters<typeof copyByDump>[0]): Promise<string> {
  const { sql, url, from, to, source, own } = options;
  const likeness = await likenessOf(source);
  if (!(await createLike(sql, to, { ...likeness, settings: [] }))) {
    throw new Error(
      `A database like ${from} cannot be created on ${url === own ? 'its server' : 'a server of ours'}.`,
    );
  }
  try {
    await copyByDump(tool, url, Object.assign(new URL(own), { pathname: `/${to}` }).href);
    return `copied by pg_dump ${tool.major}`;
  } catch (error) {
    await dropDatabase(sql, to).catch(() => {});
    throw new Error(`The database ${from} cannot be copied. ${reasonOf(error)}`, { cause: error });
  }
}

/** In words, but for what is SimCity's own. */
async function connectedTo(sql: postgres.Sql, database: string): Promise<string[]> {
  const rows = await sql`
    select pid, coalesce(nullif(application_name, ''), usename, backend_type) as name from pg_stat_activity
    where datname = ${database} and pid <> pg_backend_pid() and coalesce(backend_type, 'client backend') = 'client backend'
    order by pid`;
  return rows.map(({ pid, name }) => `${name} (pid ${pid})`);
}

function noWay(
  error: unknown,
  others: readonly string[],
  { from, version }: CopyOptions,
  tools: readonly { major: number }[],
): string {
  const major = Math.floor(version / 10_000);
  const install = installText(major, tools);
  if (sqlState(error) === '42501') {
    return `The database ${from} cannot be copied as a template: ${reasonOf(error)}. Name its owner in the URL of --gate, or ${install}.`;
  }
  const who =
    others.length === 0
      ? ''
      : `: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ` and ${others.length - 5} more` : ''}`;
  return `The database ${from} cannot be copied while others are connected to it${who}. Stop them, or ${install}.`;
}

function installText(major: number, tools: readonly { major: number }[]): string {
  const newest = tools.at(-1)?.major;
  const has = newest === undefined ? 'has none' : `has that of ${newest}`;
  return `install pg_dump of ${major} or newer (postgresql-client-${major}; this machine ${has})`;
}
