/** The database that all clones of a stage are copies of: empty, or a copy of one of the person's; prepared once. */
import type postgres from 'postgres';
import { connectOne, quoted } from '../../postgres/connection.ts';
import { createLike, installExtensions, likenessOf } from '../../postgres/like-database.ts';
import { copyDatabase, copyElsewhere } from './copy.ts';
import { keepStill, makeOwn } from './ownership.ts';
import { runPrepare, runSchema } from './prepare.ts';
import { assertLetsIn, type Login, type Server } from './server.ts';

/** More than this is copied only for who has said so. */
const MOST_BYTES = 1024 ** 3;
const MIB = 1024 ** 2;

export interface TemplateOptions {
  readonly sql: postgres.Sql;
  /** A database of that server: the one to copy, or one to be like. */
  readonly url: string;
  /** The database to copy, where it is on another server; null: it is not. */
  readonly origin: Origin | null;
  /** The name of that database. */
  readonly source: string;
  readonly isCopy: boolean;
  readonly server: Server;
  /** The role that is to own the template, and the template's name. */
  readonly login: Login;
  readonly schema: string | null;
  readonly prepare: string | null;
  readonly large: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
}

/** A database on a server where nothing is made. */
export interface Origin {
  readonly sql: postgres.Sql;
  readonly url: string;
}

export interface Template {
  readonly bytes: number;
  /** How it came to be, as a person is told. */
  readonly how: string;
}

/** @throws Error that says what to do. What is there of it then, is dropped with all else of the stage. */
export async function makeTemplate(options: TemplateOptions): Promise<Template> {
  const { sql, url, server, login, schema, prepare } = options;
  const { database: name, user: role } = login;
  if (options.isCopy) await assertSize(options);
  const ways = [options.isCopy ? await copied(options) : await empty(options)];
  await sql.unsafe(`alter database ${quoted(name)} owner to ${quoted(role)}`);
  await inside(url, name, (own) => makeOwn(own, role));
  await assertLetsIn(server, login);
  if (schema !== null) {
    await runSchema(schema, server, login);
    ways.push('with the schema file');
  }
  if (prepare !== null) {
    options.say('preparing the database of the gate');
    await runPrepare(prepare, server, login);
    ways.push('prepared by the command');
  }
  await inside(url, name, keepStill);
  return { bytes: await sizeOf(sql, name), how: ways.join(', ') };
}

async function assertSize({ sql: own, origin, source, large }: TemplateOptions): Promise<void> {
  const sql = origin?.sql ?? own;
  const [there] = await sql`select from pg_database where datname = ${source}`;
  if (!there)
    throw new Error(`There is no database ${source} on the server of --gate. Name one that is there.`);
  const bytes = await sizeOf(sql, source);
  if (bytes <= MOST_BYTES || large) return;
  throw new Error(
    `The database ${source} has ${Math.round(bytes / MIB).toLocaleString('en')} MiB, and each execution begins with a copy of it. Name a smaller one, or say --gate-large.`,
  );
}

async function sizeOf(sql: postgres.Sql, database: string): Promise<number> {
  const [row] = await sql`select pg_database_size(${database}) as bytes`;
  return Number(row?.['bytes']);
}

async function copied(options: TemplateOptions): Promise<string> {
  options.say(`copying ${options.source}`);
  const { source: from, login, server, origin } = options;
  const { database: to } = login;
  if (origin) {
    const { sql, env, url: own } = options;
    return `${from}, ${await copyElsewhere({ sql, own, env, from, to, source: origin.sql, url: origin.url })}`;
  }
  const { version } = server;
  const connect = (database: string) => connectOne({ url: options.url, database }, 'simcity-copy');
  return `${options.source}, ${await copyDatabase({ ...options, version, from, to, connect })}`;
}

async function empty({ sql, url, login, source }: TemplateOptions): Promise<string> {
  const likeness = await inside(url, source, likenessOf);
  if (!(await createLike(sql, login.database, { ...likeness, settings: [] }))) {
    throw new Error(
      `A database like ${source} cannot be created on its server: it is broken, or of a kind of its own.`,
    );
  }
  await inside(url, login.database, (own) => installExtensions(own, likeness));
  return 'an empty database';
}

/** A connection of its own, which is gone afterwards: while there is one, the template cannot be copied. */
async function inside<T>(url: string, database: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = connectOne({ url, database }, 'simcity-template');
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
