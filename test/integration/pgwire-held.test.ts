/** At the closed gate statements are held, and who decides sends them, takes them back, or answers in their place. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Gate } from '../../runner/targets/pgwire/gate.ts';
import { PacketStream } from '../../runner/targets/pgwire/packets.ts';
import { FLUSH, ownStatement, SYNC } from '../../runner/targets/pgwire/protocol/compose.ts';
import { logIn } from '../../runner/targets/pgwire/upstream.ts';
import type { Group } from '../../runner/targets/pgwire/wire.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { letThrough, startGate, type TestListener } from '../helpers/wire-gate.ts';
import { conninfo, type Login, PYTHON, runProgram, SCHEMA } from '../helpers/wire-usual.ts';

let database: TestPostgres;
let gate: Gate;
let login: Login;
let listener: TestListener;
let control: postgres.Sql;
const clients: pg.Client[] = [];

beforeAll(async () => {
  database = await startTestPostgres();
});

beforeEach(async () => {
  const started = await startGate(database, SCHEMA);
  ({ gate, login, listener } = started);
  control = database.open(started.direct);
});

afterEach(async () => {
  await gate.close();
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
});

afterAll(() => database?.close());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(login);
  // A connection that is cut on purpose.
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

const capacity = () =>
  control`select capacity from slots where id = 1`.then(([row]) => row?.['capacity'] as number);

/** Simple, extended, and extended with a name. */
const PROTOCOLS: [string, (text: string) => pg.QueryConfig][] = [
  ['the simple protocol', (text) => ({ text })],
  ['the extended protocol', (text) => ({ text: `${text} and $1 = 1`, values: [1] })],
  ['a named statement', (text) => ({ name: 'one', text: `${text} and $1 = 1`, values: [1] })],
];
const UPDATE = 'update slots set capacity = capacity + 100 where id = 1';

/** Cancels what the group waits for, and awaits what the database answers to that. */
async function cancel(group: Group): Promise<void> {
  await expect
    .poll(() => control`select cardinality(pg_blocking_pids(${group.connection.pid})) n`)
    .toMatchObject([{ n: 1 }]);
  await control`select pg_cancel_backend(${group.connection.pid})`;
  await group.answered;
}

test('a group is held until it is sent, and its answer until it is delivered', async () => {
  const client = await connect();
  gate.isOpen = false;
  let isAnswered = false;
  const query = client
    .query('update slots set capacity = $2 where id = $1 returning id', [1, 9])
    .finally(() => {
      isAnswered = true;
    });
  const group = await listener.next();
  expect(group).toMatchObject({
    state: 'held',
    kind: 'sync',
    isFree: false,
    statements: [{ text: 'update slots set capacity = $2 where id = $1 returning id', values: ['1', '9'] }],
  });
  expect(await capacity()).toBe(1);
  group.connection.send(group);
  await group.answered;
  expect(group).toMatchObject({
    state: 'answered',
    tags: ['UPDATE 1'],
    rows: [['1']],
    rowCount: 1,
    error: null,
  });
  expect(await capacity()).toBe(9);
  expect(isAnswered).toBe(false);
  group.connection.deliver(group);
  expect((await query).rows).toEqual([{ id: 1 }]);
  expect(gate.statementsSeen).toBe(1);
});

test('what is free passes, in a transaction too, and is known to begin it again', async () => {
  const client = await connect();
  gate.isOpen = false;
  await client.query('begin');
  await client.query("set local lock_timeout = '1h'");
  await client.query("select oid from pg_type where typname = 'int4'");
  await client.query('select 1');
  const [connection] = gate.connections;
  expect(connection?.opening).toEqual(['begin', "set local lock_timeout = '1h'"]);
  expect(connection?.transaction).toBe('open');
  expect(listener.groups).toEqual([]);
  const commit = client.query('commit');
  await letThrough(await listener.next());
  await commit;
  expect(connection?.opening).toEqual([]);
});

test('a transaction that keeps one snapshot takes it in a step', async () => {
  const client = await connect();
  gate.isOpen = false;
  await client.query('begin isolation level repeatable read');
  const looked = client.query("select oid from pg_type where typname = 'int4'");
  await letThrough(await listener.next());
  await looked;
  await client.query('set local search_path = public');
});

test('the next in the queue arrives when the one before it is delivered', async () => {
  const sql = postgres({ ...login, max: 1, onnotice: () => {}, fetch_types: false });
  await sql`select capacity from slots where id = ${1}`;
  gate.isOpen = false;
  const both = Promise.all([1, 2].map((id) => sql`select capacity from slots where id = ${id}`));
  const first = await listener.next();
  expect(listener.groups).toEqual([]);
  await letThrough(first);
  const second = await listener.next();
  expect(second.statements[0]?.values).toEqual(['2']);
  await letThrough(second);
  expect((await both).flat().map((row) => row['capacity'])).toEqual([1, 2]);
  gate.isOpen = true;
  await sql.end();
});

test.each(PROTOCOLS)('a statement of the gate itself changes nothing for %s', async (_, query) => {
  const client = await connect();
  gate.isOpen = false;
  const updated = client.query(query(UPDATE));
  const group = await listener.next();
  const { connection } = group;
  expect(await connection.inject('begin')).toMatchObject({ error: null, tag: 'BEGIN' });
  expect(await connection.inject("select 1, null, 'ä'")).toMatchObject({ rows: [['1', null, 'ä']] });
  connection.send(group);
  expect(await connection.inject('select 1')).toMatchObject({ error: { code: '55000' } });
  await group.answered;
  expect(connection.transaction).toBe('open');
  expect(await capacity()).toBe(1);
  expect(await connection.inject('select 1 / 0')).toMatchObject({ error: { code: '22012' } });
  expect(connection.transaction).toBe('failed');
  expect(await connection.inject('rollback')).toMatchObject({ tag: 'ROLLBACK' });
  await connection.inject('begin');
  expect(await connection.inject('commit')).toMatchObject({ tag: 'COMMIT' });
  connection.readyAs(group, 'I');
  connection.deliver(group);
  expect((await updated).rowCount).toBe(1);
  expect(await capacity()).toBe(1);
});

test.each(PROTOCOLS)('a statement that was cancelled is held again, by %s', async (_, query) => {
  const client = await connect();
  await client.query('begin');
  gate.isOpen = false;
  const updated = client.query(query(UPDATE));
  const group = await listener.next();
  await group.connection.inject('savepoint simcity_gate');
  const other = await control.reserve();
  await other`begin`;
  await other`update slots set capacity = 7 where id = 1`;
  for (let time = 0; time < 2; time++) {
    group.connection.send(group);
    await cancel(group);
    expect(group).toMatchObject({ error: { code: '57014' }, canBeHeldAgain: true });
    await group.connection.inject('rollback to savepoint simcity_gate');
    group.connection.holdAgain(group);
    expect(group).toMatchObject({ state: 'held', error: null });
  }
  await other`commit`;
  other.release();
  await letThrough(group);
  expect((await updated).rowCount).toBe(1);
  gate.isOpen = true;
  await client.query('commit');
  expect(await capacity()).toBe(107);
  // It is prepared once, as the client believes.
  if (query(UPDATE).name) expect((await client.query(query(UPDATE))).rowCount).toBe(1);
});

test.each(PROTOCOLS)('the database raises an error in place of a held statement, by %s', async (_, query) => {
  const client = await connect();
  await client.query('begin');
  gate.isOpen = false;
  const updated = client.query(query(UPDATE));
  const failed = expect(updated).rejects.toMatchObject({ code: '40P01', message: "100 % 'deadlock'" });
  const group = await listener.next();
  await group.connection.raiseInstead(group, '40P01', "100 % 'deadlock'");
  expect(group).toMatchObject({ state: 'answered', error: { code: '40P01' } });
  expect(group.connection.transaction).toBe('failed');
  group.connection.deliver(group);
  await failed;
  gate.isOpen = true;
  await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
  await client.query('rollback');
  // The connection is well, and knows what it had not been told.
  expect((await client.query(query(UPDATE))).rowCount).toBe(1);
});

test.each(PROTOCOLS)('another error takes the place of the one that came, by %s', async (_, query) => {
  const client = await connect();
  await client.query('begin');
  gate.isOpen = false;
  const updated = client.query(query(UPDATE));
  const failed = expect(updated).rejects.toMatchObject({ code: '40P01', message: 'deadlock detected' });
  const group = await listener.next();
  const other = await control.reserve();
  await other`begin`;
  await other`update slots set capacity = 7 where id = 1`;
  group.connection.send(group);
  group.connection.replaceByError(group, '40P01', 'deadlock detected');
  await cancel(group);
  expect(group.error).toEqual({ code: '40P01', message: 'deadlock detected' });
  group.connection.deliver(group);
  await failed;
  await other`rollback`;
  other.release();
  gate.isOpen = true;
  await client.query('rollback');
  expect((await client.query(query(UPDATE))).rowCount).toBe(1);
});

test.each(PROTOCOLS)('an error takes the place of a result, by %s', async (_, query) => {
  const client = await connect();
  gate.isOpen = false;
  const updated = client.query({ ...query(UPDATE), text: `${query(UPDATE).text} returning id` });
  const failed = expect(updated).rejects.toMatchObject({ code: '40001' });
  const group = await listener.next();
  group.connection.send(group);
  await group.answered;
  group.connection.replaceByError(group, '40001', 'could not serialize access');
  group.connection.deliver(group);
  await failed;
  gate.isOpen = true;
  expect((await client.query('select 2 as two')).rows).toEqual([{ two: 2 }]);
});

test('a commit fails, and what it would have kept is gone', async () => {
  const client = await connect();
  await client.query('begin');
  await client.query(UPDATE);
  gate.isOpen = false;
  const committed = client.query('commit');
  const failed = expect(committed).rejects.toMatchObject({ code: '40001' });
  const group = await listener.next();
  await group.connection.sendInstead(group, 'rollback', '40001', 'could not serialize access');
  expect(group.connection.transaction).toBe('idle');
  group.connection.deliver(group);
  await failed;
  expect(await capacity()).toBe(1);
});

test('in a pipeline an error skips what follows up to the Sync, whoever raised it', async () => {
  const script = `
import psycopg, sys
one = psycopg.connect(sys.argv[1], autocommit=True)
for text in ("insert into notes (body) values ('a')", "select count(*) from slots"):
    try:
        with one.pipeline():
            one.execute("select id from slots where id = 1")
            one.execute(text).fetchone() if text.startswith("select") else one.execute(text)
            one.execute("insert into notes (body) values ('c')")
    except psycopg.Error as error:
        print(error.sqlstate)
print(one.execute("select 1 + 1").fetchone())`;
  gate.isOpen = false;
  const program = runProgram(PYTHON, ['-c', script, conninfo(login)]);
  let raised = 0;
  let isOver = false;
  const over = program.then(() => {
    isOver = true;
    listener.closed(undefined as never);
  });
  for (;;) {
    await listener.until(() => listener.groups.length > 0 || isOver);
    const group = listener.groups.shift();
    if (!group) break;
    const texts = group.statements.map(({ text }) => text).join(' ');
    if (/insert|count/.test(texts) && raised < 2) {
      raised++;
      await group.connection.raiseInstead(group, '40001', 'raised');
      group.connection.deliver(group);
    } else await letThrough(group);
  }
  await over;
  expect(await program).toBe('40001\n40001\n(2,)\n');
  expect(await control`select count(*)::int n from notes where body in ('a', 'c')`).toEqual([{ n: 0 }]);
});

/** What a client says that asks for answers with Flush, and for the end with Sync. */
const flushed = (text: string) => Buffer.concat([ownStatement(text).subarray(0, -SYNC.length), FLUSH]);

test.each(['raised', 'replaced'])(
  'after an error that is %s, a client that sends Flush is skipped to its Sync',
  async (how) => {
    const backend = await logIn(
      { ...login, tls: false },
      { client: null, database: 'any', minor: 0, parameters: new Map() },
    );
    const stream = new PacketStream(backend.socket);
    stream.socket.resume();
    const heard = async (last: string) => {
      let types = '';
      while (!types.endsWith(last)) types += (await stream.message())?.type ?? last;
      return types;
    };
    gate.isOpen = false;
    stream.write(flushed('select capacity from slots'));
    const first = await listener.next();
    await letThrough(first);
    expect(await heard('C33')).toMatch(/^3312D+C33$/);
    stream.write(flushed("insert into notes (body) values ('a')"));
    const second = await listener.next();
    const { connection } = second;
    expect(second).toMatchObject({ kind: 'flush', canBeHeldAgain: false });
    expect(connection.canInject).toBe(false);
    if (how === 'raised') await connection.raiseInstead(second, '40001', 'raised');
    else {
      connection.send(second);
      connection.replaceByError(second, '40001', 'replaced');
      await second.answered;
    }
    connection.deliver(second);
    expect(await heard('E')).toMatch(/^(3312)?E$/);
    stream.write(
      flushed("insert into notes (body) values ('b')"),
      flushed("insert into notes (body) values ('c')"),
    );
    stream.write(SYNC);
    expect(await heard('Z')).toBe('Z');
    expect(connection.canInject).toBe(true);
    expect(listener.groups).toEqual([]);
    // An error that was only told had an effect in the database, which the Sync commits.
    const bodies = await control`select body from notes where body in ('a', 'b', 'c')`;
    expect(bodies).toEqual(how === 'raised' ? [] : [{ body: 'a' }]);
    backend.socket.destroy();
  },
);

test('data of a COPY flows while its statement is under way', async () => {
  gate.isOpen = false;
  const input = Array.from({ length: 20_000 }, (_, n) => `copied ${n}\n`).join('');
  const program = runProgram('psql', [conninfo(login), '-c', 'copy notes (body) from stdin'], input);
  const group = await listener.next();
  group.connection.send(group);
  await group.answered;
  expect(group).toMatchObject({ tags: ['COPY 20000'], canBeHeldAgain: false });
  expect(await control`select count(*)::int n from notes`).toEqual([{ n: 20_030 }]);
  group.connection.deliver(group);
  expect(await program).toBe('COPY 20000\n');
  const out = runProgram('psql', [conninfo(login), '-c', 'copy notes to stdout']);
  expect((await letThrough(await listener.next())).tags).toEqual(['COPY 20030']);
  expect((await out).split('\n').length).toBe(20_031);
});

test('function calls are groups too', async () => {
  gate.isOpen = false;
  const file = join(import.meta.dirname, 'pgwire-held.test.ts');
  const program = runProgram('psql', [conninfo(login), '-Atc', `\\lo_import ${file}`]);
  let isOver = false;
  const over = program.then(() => {
    isOver = true;
    listener.closed(undefined as never);
  });
  const kinds: string[] = [];
  for (;;) {
    await listener.until(() => listener.groups.length > 0 || isOver);
    const group = listener.groups.shift();
    if (!group) break;
    kinds.push(group.kind);
    await letThrough(group);
  }
  await over;
  expect(kinds).toContain('function');
  const [row] = await control`select lo_get(oid) content from pg_largeobject_metadata`;
  expect(row?.['content'].equals(await readFile(file))).toBe(true);
});

test('an answer that is too large to be held is let out as it comes', async () => {
  const client = await connect();
  gate.isOpen = false;
  const large = client.query("select i, repeat('x', 1000000) from generate_series(1, 100) i");
  const group = await letThrough(await listener.next());
  expect((await large).rows.length).toBe(100);
  expect(group.rowCount).toBe(100);
  expect(group.rows[99]?.[0]).toBe('100');
  expect(group.rows[99]?.[1]?.length).toBeLessThan(2_000);
});

test('a notification waits until it is handed on', async () => {
  const client = await connect();
  const heard: string[] = [];
  client.on('notification', ({ payload }) => {
    heard.push(payload ?? '');
    listener.closed(undefined as never);
  });
  await client.query('listen news');
  gate.isOpen = false;
  await control.notify('news', 'one');
  await control.notify('news', 'two');
  await listener.until(() => listener.notes.length === 2);
  const [connection] = gate.connections;
  expect(connection?.notifications).toBe(2);
  // Statements go on beside it.
  const read = client.query('select capacity from slots where id = 1');
  await letThrough(await listener.next());
  await read;
  expect(heard).toEqual([]);
  connection?.deliverNotification();
  await listener.until(() => heard.length === 1);
  expect(heard).toEqual(['one']);
  gate.isOpen = true;
  await listener.until(() => heard.length === 2);
});

test('when the gate is opened, what is held goes on by itself', async () => {
  const one = await connect();
  const other = await connect();
  gate.isOpen = false;
  const queries = [one, other].map((client) => client.query(UPDATE));
  await listener.until(() => listener.groups.length === 2);
  gate.isOpen = true;
  await Promise.all(queries);
  expect(await capacity()).toBe(201);
  expect(gate.passing).toBe(0);
});

test('what waits on a connection that ends is lost, whether it was sent or not', async () => {
  const [one, two, three] = [await connect(), await connect(), await connect()];
  gate.isOpen = false;
  const failed = [one, two, three].map((client) =>
    expect(client.query('select pg_sleep(60)')).rejects.toThrow(),
  );
  await listener.until(() => listener.groups.length === 3);
  const [held, cut, killed] = listener.groups as [Group, Group, Group];
  for (const group of [cut, killed]) group.connection.send(group);
  cut.connection.cut();
  await cut.answered;
  expect(cut).toMatchObject({ state: 'lost' });
  expect(await cut.connection.inject('select 1')).toMatchObject({ error: { code: '08006' } });
  await control`select pg_terminate_backend(${killed.connection.pid})`;
  await killed.answered;
  expect(killed.state).toBe('lost');
  gate.cutAll();
  expect(held.state).toBe('lost');
  await Promise.all(failed);
  expect(gate.connections.size).toBe(0);
  expect(listener.ended.length).toBe(3);
});

test('numbers, arrivals and statements begin anew with each execution', async () => {
  const client = await connect();
  await connect();
  await client.query(UPDATE);
  expect(gate.statementsSeen).toBe(1);
  expect([...gate.connections].map(({ number }) => number)).toEqual([0, 1]);
  gate.cutAll();
  gate.begin();
  await connect();
  expect([...gate.connections].map(({ number }) => number)).toEqual([0]);
  expect(gate.statementsSeen).toBe(0);
});
