/** What programs usually do with pg, postgres.js and psycopg, to be done with and without a gate in between. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import postgres from 'postgres';

export interface Login {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** What the calls find there. */
export const SCHEMA = `
  create table slots (id int primary key, capacity int not null);
  create table notes (id serial primary key, body text not null);
  insert into slots select i, i % 7 from generate_series(0, 49) i;
  insert into notes (body) select 'note ' || i from generate_series(1, 30) i`;

export const PYTHON = '/usr/bin/python3';

async function code(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  );
}

function expectCode(found: unknown, expected: string): void {
  if (found !== expected) throw new Error(`expected the error ${expected}, found ${String(found)}`);
}

type Connection = pg.Connection & {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

/** A COPY as pg-copy-streams does it; answers what came out. */
function copy(client: pg.Client, text: string, input: readonly string[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    client.query({
      submit: (connection: Connection) => connection.query(text),
      handleCopyInResponse(connection: Connection) {
        for (const line of input) connection.sendCopyFromChunk(Buffer.from(line));
        connection.endCopyFrom();
      },
      handleCopyData: ({ chunk }: { chunk: Buffer }) => {
        out += chunk.toString();
      },
      handleRowDescription() {},
      handleCommandComplete() {},
      handleError: reject,
      handleReadyForQuery: () => resolve(out),
    } as unknown as pg.Submittable);
  });
}

export async function usualPg(login: Login): Promise<void> {
  const one = new pg.Client(login);
  const other = new pg.Client(login);
  await one.connect();
  await other.connect();
  try {
    await one.query('select 1; select 2; update slots set capacity = capacity where id = 3');
    await one.query('');
    await one.query('select $1::int a, $2::text b, $3::bytea c', [7, 'süß', Buffer.from([0, 1])]);
    await one.query({
      text: 'select id, capacity from slots where id < $1',
      values: [9],
      binary: true,
    } as object as pg.QueryConfig);
    for (const id of [1, 2, null]) {
      await one.query({ name: 'by id', text: 'select capacity from slots where id = $1', values: [id] });
    }
    // A portal that is read in parts, with Flush in between.
    await one.query({
      text: 'select id from slots order by id',
      rows: 7,
      values: [],
    } as object as pg.QueryConfig);
    expectCode(await code(one.query('select nothing from nowhere')), '42P01');
    expectCode(await code(one.query('select 1 / $1::int', [0])), '22012');
    expectCode(await code(one.query({ name: 'bad', text: 'selec' })), '42601');
    expectCode(await code(one.query("select 1; select 'x'::int; select 3")), '22P02');
    await one.query('begin');
    await one.query("insert into notes (body) values ('gone')");
    expectCode(await code(one.query('insert into notes (id, body) values ($1, $2)', [1, 'twice'])), '23505');
    expectCode(await code(one.query('select 1')), '25P02');
    await one.query('rollback');
    await one.query('begin; savepoint a');
    await one.query("insert into notes (body) values ('kept') returning id");
    await one.query('rollback to a');
    await one.query('commit');
    await one.query('begin');
    await one.query('declare walk cursor for select * from notes order by id');
    await one.query('fetch 5 from walk');
    await one.query('close walk; end');
    await copy(
      one,
      'copy notes (body) from stdin',
      Array.from({ length: 100 }, (_, n) => `copied ${n}\n`),
    );
    await copy(one, 'copy notes to stdout');
    expectCode(await code(copy(one, 'copy slots from stdin', ['nonsense\n'])), '22P02');
    const large = 'ü'.repeat(400_000);
    await one.query('select $1::text || body from notes where id = 1', [large]);
    await one.query("select repeat('x', 3000) from generate_series(1, 300)");
    await one.query('listen news');
    await one.query("notify news, 'mine'");
    const told = new Promise((resolve) => {
      one.on('notification', ({ payload }) => payload === 'yours' && resolve(payload));
    });
    await other.query("select pg_notify('news', 'yours')");
    await told;
    await one.query("do $$begin raise notice 'by the way'; end$$");
    await one.query("set application_name = 'renamed'");
    // Without waiting for one another.
    await Promise.all([1, 2, 3, 4].map((id) => one.query('select $1::int + 1', [id])));
  } finally {
    await one.end();
    await other.end();
  }
}

export async function usualPostgresJs(login: Login): Promise<void> {
  const sql = postgres({ ...login, max: 1, idle_timeout: 0, onnotice: () => {} });
  try {
    await sql`select ${7}::int a, ${'süß'}::text b, ${Buffer.from([0, 1])}::bytea c`;
    await sql.unsafe('select 1; select 2');
    for (const id of [1, 2, 3]) await sql`select capacity from slots where id = ${id}`;
    await sql`select id from slots where id = any(${[1, 2, 3]})`;
    expectCode(await code(sql`select nothing from nowhere`), '42P01');
    expectCode(await code(sql`select 1 / ${0}::int`), '22012');
    await sql`select id from slots order by id`.describe();
    for await (const rows of sql`select id from slots order by id`.cursor(9)) if (rows.length === 0) break;
    await sql`select id from slots order by id`.forEach(() => {});
    expectCode(
      await code(
        sql.begin(async (tx) => {
          await tx`insert into notes (body) values ('gone')`;
          await tx`insert into notes (id, body) values (${1}, ${'twice'})`;
        }),
      ),
      '23505',
    );
    await sql.begin(async (tx) => {
      await tx`insert into notes ${tx({ body: 'kept' })} returning id`;
      await tx.savepoint((nested) => nested`select 1 / ${0}::int`).catch(() => {});
      // In a pipeline.
      await Promise.all(
        [1, 2, 3].map((id) => tx`select id, capacity from slots where id = ${id} for update`),
      );
    });
    const lines = Readable.from(Array.from({ length: 100 }, (_, n) => `copied ${n}\n`));
    await pipeline(lines, await sql`copy notes (body) from stdin`.writable());
    for await (const chunk of await sql`copy notes to stdout`.readable()) if (chunk.length === 0) break;
    await sql`select ${'ü'.repeat(400_000)}::text || body from notes where id = 1`;
    await sql`select repeat('x', 3000) from generate_series(1, 300)`;
    const told = Promise.withResolvers<string>();
    await sql.listen('news', told.resolve);
    await sql.notify('news', 'yours');
    await told.promise;
    await sql`select 1`.simple();
  } finally {
    await sql.end();
  }
}

export async function usualPsycopg(login: Login): Promise<void> {
  const script = join(import.meta.dirname, '../fixtures/pgwire/usual.py');
  const output = await runProgram(PYTHON, [script, conninfo(login)]);
  if (!output.endsWith('done\n')) throw new Error(output);
}

export function conninfo(login: Login, more = 'sslmode=disable gssencmode=disable'): string {
  const { host, port, user, password, database } = login;
  return `host=${host} port=${port} user=${user} password=${password} dbname=${database} ${more}`;
}

/** All that it writes, and how it ended where that is not well. */
export function runProgram(
  command: string,
  parameters: readonly string[],
  input: string | Promise<string> = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (exit) => resolve(exit === 0 ? output : `${output}\nexit ${exit}`));
    void Promise.resolve(input).then((text) => child.stdin.end(text));
  });
}
