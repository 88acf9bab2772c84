/** Who gets through the gate, where to and how: passwords, TLS, sockets, versions, cancelling. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Gate } from '../../runner/targets/pgwire/gate.ts';
import { PacketStream } from '../../runner/targets/pgwire/packets.ts';
import { readError } from '../../runner/targets/pgwire/protocol/backend.ts';
import { int32, query } from '../../runner/targets/pgwire/protocol/compose.ts';
import { SSL_REQUEST, startup } from '../../runner/targets/pgwire/protocol/startup.ts';
import { logIn } from '../../runner/targets/pgwire/upstream.ts';
import type { GateOptions, Upstream } from '../../runner/targets/pgwire/wire.ts';
import { testFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { startGate } from '../helpers/wire-gate.ts';
import { conninfo, type Login, PYTHON, runProgram } from '../helpers/wire-usual.ts';

let database: TestPostgres;
let gate: Gate;
let login: Login;

beforeAll(async () => {
  database = await startTestPostgres();
});

afterEach(() => gate?.close());
afterAll(() => database?.close());

async function open(options: Partial<GateOptions> = {}): Promise<void> {
  await gate?.close();
  ({ gate, login } = await startGate(database, 'select 1', options));
}

async function connected<T>(change: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...login, ...change });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const database_ = (client: pg.Client) =>
  client.query('select current_database() d').then(({ rows }) => rows[0].d as string);

const isAsleep = () =>
  expect
    .poll(() => database.superuser`select 1 from pg_stat_activity where wait_event = 'PgSleep'`, {
      // A program in Python takes its time to start on a machine that has other work.
      timeout: 60_000,
    })
    .toHaveLength(1);

test('a client that asks for another database gets the clone', async () => {
  await open();
  expect(await connected({ database: 'postgres' }, database_)).toBe(gate.database);
});

test('a wrong password, a wrong name and no password are refused', async () => {
  await open();
  await expect(connected({ password: 'of-this-rum' }, database_)).rejects.toMatchObject({ code: '28P01' });
  await expect(connected({ user: 'simcity' }, database_)).rejects.toMatchObject({ code: '28P01' });
  await expect(connected({ password: '' }, database_)).rejects.toThrow();
  expect(gate.connections.size).toBe(0);
});

test('the service has a role of its own, which is no superuser', async () => {
  await database.superuser.unsafe("create role gate_role login password 'sec ret' nosuperuser");
  const url = new URL(await database.createDatabase({ migrated: false }));
  await open({
    upstream: {
      host: url.hostname,
      port: Number(url.port),
      user: 'gate_role',
      password: 'sec ret',
      tls: false,
    },
  });
  const { rows } = await connected({}, (client) =>
    client.query(
      'select session_user::text u, rolsuper s, rolcreaterole r from pg_roles where rolname = session_user',
    ),
  );
  expect(rows).toEqual([{ u: 'gate_role', s: false, r: false }]);
});

test('the gate says what is wrong when it cannot log in itself', async () => {
  const url = new URL(await database.createDatabase({ migrated: false }));
  const upstream: Upstream = {
    host: url.hostname,
    port: Number(url.port),
    user: 'nobody',
    password: 'x',
    tls: false,
  };
  await open({ upstream });
  await expect(connected({}, database_)).rejects.toMatchObject({ code: '28P01' });
  await open({ upstream: { ...upstream, port: 1 } });
  await expect(connected({}, database_)).rejects.toThrow(
    'cannot connect to the database server at 127.0.0.1:1',
  );
  await open({ upstream: { ...upstream, tls: true } });
  await expect(connected({}, database_)).rejects.toThrow('does not offer TLS');
});

test.each(['disable', 'prefer', 'require', 'verify-full'])(
  'psql and psycopg connect with sslmode=%s',
  async (mode) => {
    await open();
    const folder = await testFolder();
    const root = join(folder.path, 'root.crt');
    await writeFile(root, gate.certificate);
    const at = conninfo(
      { ...login, host: 'localhost' },
      `sslmode=${mode} sslrootcert=${root} channel_binding=prefer`,
    );
    expect(await runProgram('psql', [at, '-Atc', 'select 40 + 2', '-c', '\\conninfo'])).toMatch(
      mode === 'disable' ? /^42\nYou are/ : /^42\n[\s\S]*protocol: TLSv1\.3/,
    );
    const script = 'import psycopg, sys; print(psycopg.connect(sys.argv[1]).execute("select 43").fetchone())';
    expect(await runProgram(PYTHON, ['-c', script, at])).toBe('(43,)\n');
    await folder.remove();
  },
);

test('channel binding is not offered', async () => {
  await open();
  const at = conninfo(login, 'sslmode=require channel_binding=require');
  expect(await runProgram('psql', [at, '-c', 'select 1'])).toContain('channel binding');
});

test('TLS without a request for it is answered when the client says by ALPN what it speaks', async () => {
  await open();
  const ca = gate.certificate;
  const socket = tls.connect({ ...login, ca, servername: 'localhost', ALPNProtocols: ['postgresql'] });
  const stream = new PacketStream(socket);
  stream.write(startup(0, [['user', 'guest']]));
  expect((await stream.message())?.type).toBe('R');
  socket.destroy();
  const other = new PacketStream(tls.connect({ ...login, ca, servername: 'localhost' }));
  other.write(startup(0, [['user', 'guest']]));
  expect(await other.message()).toBeNull();
});

/** What the gate answers to these bytes first. */
async function answerTo(...bytes: Buffer[]) {
  const socket = net.connect(login);
  const stream = new PacketStream(socket);
  stream.write(...bytes);
  const message = await stream.message();
  socket.destroy();
  return message;
}

test('what is not the protocol, or came before TLS, is refused', async () => {
  await open();
  const early = new PacketStream(net.connect(login));
  early.write(SSL_REQUEST, startup(0, []));
  expect(readError((await early.message())?.bytes as Buffer).code).toBe('08P01');
  early.socket.destroy();
  const old = await answerTo(int32(9), int32(2 << 16), Buffer.of(0));
  expect(readError(old?.bytes as Buffer).message).toBe('unsupported frontend protocol 2.0');
  const huge = await answerTo(int32(10_001));
  expect(readError(huge?.bytes as Buffer).code).toBe('08P01');
});

test('replication connections are refused', async () => {
  await open();
  for (const replication of ['true', 'database']) {
    const said = await answerTo(
      startup(0, [
        ['user', 'guest'],
        ['replication', replication],
      ]),
    );
    expect(readError(said?.bytes as Buffer).code).toBe('0A000');
  }
});

test('protocol 3.2 is spoken where the server does, and 3.0 agreed on where it is older', async () => {
  await open({ serverVersion: 18 });
  const newest = await answerTo(startup(2, [['user', 'guest']]));
  expect(newest?.type).toBe('R');
  const newer = await answerTo(
    startup(9999, [
      ['user', 'guest'],
      ['_pq_.grease', 'x'],
    ]),
  );
  expect(newer?.bytes.toString('latin1')).toContain('_pq_.grease');
  expect(newer?.bytes.readInt32BE(5)).toBe(0x30002);
  await open({ serverVersion: 17 });
  const older = await answerTo(startup(2, [['user', 'guest']]));
  expect(older?.type).toBe('v');
  expect(older?.bytes.readInt32BE(5)).toBe(0x30000);
});

test('long keys of protocol 3.2 cancel a statement', async () => {
  await open();
  const backend = await logIn(
    { ...login, tls: false },
    { client: null, database: 'any', minor: 2, parameters: new Map() },
  );
  const key = backend.greeting.find((bytes) => bytes[0] === 'K'.charCodeAt(0))?.subarray(5) as Buffer;
  expect(key.length).toBe(4 + 32);
  const stream = new PacketStream(backend.socket);
  stream.socket.resume();
  stream.write(query('begin; select pg_sleep(60)'));
  await isAsleep();
  net.connect(login).end(Buffer.concat([int32(8 + key.length), int32(80877102), key]));
  let message = await stream.message();
  while (message && message.type !== 'E') message = await stream.message();
  expect(readError(message?.bytes as Buffer).code).toBe('57014');
  backend.socket.destroy();
});

test('encryption by GSSAPI is declined, and TLS can be asked for then', async () => {
  await open();
  const stream = new PacketStream(net.connect(login));
  stream.write(int32(8), int32(80877104));
  expect((await stream.bytes())?.toString()).toBe('N');
  stream.write(SSL_REQUEST);
  expect((await stream.bytes())?.toString()).toBe('S');
  stream.socket.destroy();
});

test('at a gate that refuses, new connections get what a full server says', async () => {
  await open();
  gate.refuses = true;
  await expect(connected({}, database_)).rejects.toMatchObject({ code: '53300' });
  gate.refuses = false;
  expect(await connected({}, database_)).toBe(gate.database);
});

test('the Unix socket is in a folder that nobody else may enter, and goes with the gate', async () => {
  await open();
  const folder = gate.socketDir as string;
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect(await connected({ host: folder }, database_)).toBe(gate.database);
  await gate.close();
  await expect(stat(folder)).rejects.toThrow('ENOENT');
});

test('a request to cancel reaches the statement', async () => {
  await open();
  const script = `
import psycopg, sys, threading
one = psycopg.connect(sys.argv[1])
threading.Thread(target=lambda: (sys.stdin.readline(), one.cancel())).start()
try:
    one.execute("select pg_sleep(60)")
except psycopg.errors.QueryCanceled:
    print("cancelled")`;
  const told = runProgram(
    PYTHON,
    ['-c', script, conninfo(login)],
    isAsleep().then(() => 'now\n'),
  );
  expect(await told).toBe('cancelled\n');
});

/** A server of our own that asks for a password in this way. */
test.each(['scram-sha-256', 'md5', 'password', 'trust'])('the gate logs in by %s', async (method) => {
  const { superuser } = database;
  const [row] = await superuser.unsafe('show hba_file');
  const file = row?.['hba_file'] as string;
  const before = await readFile(file, 'utf8');
  const encryption = method === 'md5' ? 'md5' : 'scram-sha-256';
  const role = `by_${method.replaceAll('-', '_')}`;
  await superuser.unsafe(
    `set password_encryption = '${encryption}'; create role ${role} login password 'pä ss'`,
  );
  try {
    await writeFile(file, `host all ${role} all ${method}\n${before}`);
    await chmod(file, 0o644);
    await superuser.unsafe('select pg_reload_conf()');
    const url = new URL(await database.createDatabase({ migrated: false }));
    const upstream = {
      host: url.hostname,
      port: Number(url.port),
      user: role,
      password: 'pä ss',
      tls: false,
    };
    await open({ upstream: method === 'trust' ? { ...upstream, password: null } : upstream });
    // The server reads its file again when it sees the signal.
    await expect
      .poll(() => connected({}, database_).catch((error: Error) => error.message))
      .toBe(gate.database);
    if (method === 'trust') return;
    await open({ upstream: { ...upstream, password: 'wrong' } });
    await expect(connected({}, database_)).rejects.toMatchObject({ code: '28P01' });
  } finally {
    await writeFile(file, before);
    await superuser.unsafe('select pg_reload_conf()');
  }
});

test('TLS and a Unix socket towards the server, over another gate', async () => {
  await open();
  const outer = gate;
  const upstream = {
    host: outer.host,
    port: outer.port,
    user: outer.user,
    password: outer.password,
    tls: true,
  };
  const inner = await startGate(database, 'select 1', { upstream });
  const local = await startGate(database, 'select 1', {
    upstream: { ...upstream, host: outer.socketDir ?? '', tls: false },
  });
  try {
    for (const { login: through } of [inner, local]) {
      expect(await connected(through, database_)).toBe(outer.database);
    }
  } finally {
    await inner.gate.close();
    await local.gate.close();
  }
});
