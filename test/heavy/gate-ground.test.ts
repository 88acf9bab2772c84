/**
 * The ground of gated services, whole: a real service behind the gate on its clones, what of a person's database
 * is touched (nothing), and what is left when SimCity is killed (nothing either).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { shellWord } from '../../runner/reproduce.ts';
import { resolveService, type ServiceAddress } from '../../runner/targets/http/address.ts';
import { childPids } from '../../runner/targets/http/child-pids.ts';
import { claimGround, type Ground, leaveGround } from '../../runner/targets/pgwire/ground/claim.ts';
import { ROLE_PASSWORD } from '../../runner/targets/pgwire/ground/passwords.ts';
import { GateStage } from '../../runner/targets/pgwire/ground/stage.ts';
import { connect } from '../../server/db/client.ts';
import { debianPostgres, startDebianPostgres } from '../helpers/debian-postgres.ts';
import { freePort } from '../helpers/http-service.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const ORDER = { url: null, schema: null, prepare: null, large: false };
const SERVICE = [
  process.execPath,
  fileURLToPath(new URL('../fixtures/gate-services/visits.ts', import.meta.url)),
]
  .map(shellWord)
  .join(' ');
const DEBIAN = debianPostgres();

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

/** What there is of ours on the server. */
async function remains(): Promise<string[]> {
  const rows = await database.superuser`
    select datname as name from pg_database where datname like 'simcity_%'
    union all select rolname from pg_roles where rolname like 'simcity_gate_%'
    union all select application_name from pg_stat_activity where application_name like 'simcity-%'`;
  return rows.map(({ name }) => String(name));
}

async function untilGone(limitMs: number): Promise<void> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const left = await remains().catch((error: Error) => [error.message]);
    if (left.length === 0) return;
    if (performance.now() > untilMs) throw new Error(`still there: ${left.join(', ')}`);
    await delay(50);
  }
}

/** One that has ended may stay in the table of processes until its parent has asked for it. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connectTo(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function openStage(address: ServiceAddress, more = ''): Promise<GateStage & AsyncDisposable> {
  const stage = await GateStage.open({ order: ORDER, targetUrl: url, exec: `${SERVICE} ${more}`, address });
  return Object.assign(stage, { [Symbol.asyncDispose]: () => stage.close() });
}

describe('a service at the gate', () => {
  let stage: GateStage;
  let at: string;

  async function open(more = ''): Promise<void> {
    at = `http://127.0.0.1:${await freePort()}`;
    stage = await openStage(await resolveService(at), more);
  }
  async function call(method: 'GET' | 'POST'): Promise<Record<string, unknown>> {
    const response = await fetch(at, { method });
    return (await response.json()) as Record<string, unknown>;
  }

  afterEach(async () => {
    await stage.close();
    await untilGone(1);
  });

  it.each([
    '',
    '--url {gate.url}',
    '--url postgres://{gate.user}:{gate.password}@{gate.host}:{gate.port}/{gate.database}',
  ])('finds it by %j, and begins each execution on a fresh clone, started anew or kept', async (more) => {
    await open(more);
    const first = await stage.begin('restart');
    expect(await call('POST')).toMatchObject({ visits: 1, superuser: 'off' });
    const { pid, role } = await call('POST');
    expect(first.roots()).toEqual([pid]);
    expect(role).toMatch(/^simcity_gate_/);
    const second = await stage.begin('restart');
    expect(await call('POST')).toMatchObject({ visits: 1 });
    const { pid: anew } = await call('GET');
    expect(anew).not.toBe(pid);
    expect(second.roots()).toEqual([anew]);
    await stage.begin('keep');
    const { pid: kept } = await call('POST');
    const third = await stage.begin('keep');
    expect(await call('POST')).toMatchObject({ visits: 1, pid: kept });
    expect(third.roots()).toEqual([kept]);
    expect(third.cloneMs).toBeGreaterThan(0);
    const tables =
      await third.control`select reloptions::text as options from pg_class where relname = 'visits'`;
    expect(tables).toEqual([{ options: '{autovacuum_enabled=false}' }]);
  });

  it('leaves a bounded number of clones, however many executions there were', async () => {
    await open();
    for (let i = 0; i < 8; i++) await stage.begin('keep');
    const clones = (await remains()).filter((name) => name.startsWith('simcity_clone_'));
    // Its own, the next one, the one that it copies, and those that are being dropped.
    expect(clones.length).toBeLessThanOrEqual(3 + 4);
  });

  it('is killed whole, and comes back on the same clone', async () => {
    await open();
    const stand = await stage.begin('restart');
    const { pid } = await call('POST');
    await stand.crash();
    const after = await call('GET');
    expect(after).toMatchObject({ visits: 1 });
    expect(after['pid']).not.toBe(pid);
    expect(isRunning(Number(pid))).toBe(false);
    await stand.terminate([Number(after['backend'])]);
    expect(await stand.control`select from pg_stat_activity where pid = ${Number(after['backend'])}`).toEqual(
      [],
    );
  });

  it('is told to be started anew when it does not survive that its connections are cut', async () => {
    await open('--fragile');
    await expect(stage.begin('keep')).rejects.toThrow(
      /ended when its connections to the database were cut.*--gate-service restart/,
    );
    await stage.begin('restart');
    expect(await call('POST')).toMatchObject({ visits: 1 });
  });
});

describe('the gate of a stage', () => {
  it('is for this machine, for who knows its password, and leads to the clone alone', async () => {
    const address = await resolveService(`http://127.0.0.1:${await freePort()}`);
    await using stage = await openStage(address);
    await stage.begin('restart');
    const { gate } = stage;
    expect(gate.host).toBe('127.0.0.1');
    expect((statSync(gate.socketDir as string).mode & 0o777).toString(8)).toBe('700');
    const login = { host: gate.host, port: gate.port, user: gate.user, password: gate.password };
    const ask = async (options: pg.ClientConfig) => {
      const client = new pg.Client(options);
      client.on('error', () => undefined);
      try {
        await client.connect();
        const { rows } = await client.query('select current_database() as database, current_user as role');
        return rows[0] as Record<string, unknown>;
      } finally {
        await client.end().catch(() => undefined);
      }
    };
    const clone = { database: gate.database, role: expect.stringMatching(/^simcity_gate_[0-9a-f]{12}$/) };
    for (const database of ['shop', 'postgres', new URL(url).pathname.slice(1)]) {
      expect(await ask({ ...login, database })).toEqual(clone);
    }
    expect(await ask({ ...login, host: gate.socketDir as string })).toEqual(clone);
    await expect(ask({ ...login, password: 'guessed' })).rejects.toThrow(/password/);
    await expect(ask({ ...login, password: ROLE_PASSWORD })).rejects.toThrow(/password/);
    // What the service knows opens nothing but the gate.
    const server = new URL(url);
    await expect(ask({ ...login, port: Number(server.port), database: 'postgres' })).rejects.toThrow(
      /password|role/,
    );
  });
});

describe('SimCity that is killed', () => {
  /** A process with a stage and a service; what it said of them. */
  async function started(): Promise<{
    process: ReturnType<typeof spawn>;
    port: number;
    gate: number;
    pids: number[];
  }> {
    const port = await freePort();
    const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      import { resolveService } from ${file('../../runner/targets/http/address.ts')};
      import { GateStage } from ${file('../../runner/targets/pgwire/ground/stage.ts')};
      const address = await resolveService('http://127.0.0.1:${port}');
      const stage = await GateStage.open({ order: ${JSON.stringify(ORDER)}, targetUrl: ${JSON.stringify(url)},
        exec: ${JSON.stringify(SERVICE)}, address });
      const stand = await stage.begin('restart');
      console.log(JSON.stringify({ gate: stage.gate.port, roots: stand.roots() }));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`))),
    ])) as [Buffer];
    const { gate, roots } = JSON.parse(text.toString()) as { gate: number; roots: number[] };
    return { process: child, port, gate, pids: [...childPids(child.pid ?? 0), ...roots] };
  }

  it('leaves nothing behind: service, gate, clone and role are gone within 10 s', async () => {
    const { process: simcity, port, gate, pids } = await started();
    expect(pids).toHaveLength(3);
    simcity.kill('SIGKILL');
    await untilGone(10_000);
    expect([await isListening(port), await isListening(gate)]).toEqual([false, false]);
    while (pids.some(isRunning)) await delay(10);
  });

  it('leaves nothing that runs where the database is away, and the next run sweeps the rest', async () => {
    const { process: simcity, pids } = await started();
    await database.killPostmaster();
    simcity.kill('SIGKILL');
    while (pids.some(isRunning)) await delay(10);
    // It takes a moment to come back, for all.
    let next: Ground | null = null;
    while (next === null) next = await claimGround({ order: ORDER, targetUrl: url }).catch(() => null);
    expect((await remains()).sort()).toEqual(
      [next.names.role, next.names.template, next.names.keeper].sort(),
    );
    await leaveGround(next);
    await untilGone(1_000);
  });

  it('with all that it had beside it, is swept up after by the next run, and no other is', async () => {
    const other = await claimGround({ order: ORDER, targetUrl: url });
    const { process: simcity, pids } = await started();
    for (const pid of [...pids, simcity.pid ?? 0]) process.kill(pid, 'SIGKILL');
    while (pids.some(isRunning)) await delay(10);
    expect((await remains()).length).toBeGreaterThan(3);
    const next = await claimGround({ order: ORDER, targetUrl: url });
    const own = [other, next].flatMap(({ names }) => [names.role, names.template, names.keeper]);
    expect((await remains()).sort()).toEqual(own.sort());
    await leaveGround(next);
    await leaveGround(other);
    await untilGone(1_000);
  });
});

describe.skipIf(DEBIAN === null)('a database that is copied', () => {
  const fill = `create extension pgcrypto; create type state as enum ('free', 'taken');
    create table slots (id serial primary key, at timestamptz default now(), state state);
    insert into slots select from generate_series(1, 3); comment on table slots is 'all of them'`;

  /** The tool marks its text with a word of its own each time. */
  const still = (dump: string) => dump.replaceAll(/\\(un)?restrict .*/g, '');

  it('is as it was, whether somebody is connected to it or not', async () => {
    await using server = await startDebianPostgres(DEBIAN as string);
    const source = server.url.replace(/postgres$/, 'shop');
    const admin = connect(server.url, { max: 1 });
    await admin.unsafe('create database shop');
    const somebody = connect(source, { max: 1 });
    await somebody.unsafe(fill);
    const before = server.dump(source);
    const look = async () => {
      const rows = await admin`select application_name from pg_stat_activity where datname = 'shop'`;
      return rows.map((row) => row['application_name']);
    };
    const ways: [string, string[]][] = [];
    for (const isConnected of [true, false]) {
      if (!isConnected) await somebody.end();
      const ground = await claimGround({ order: { ...ORDER, url: source }, targetUrl: null });
      ways.push([ground.template.how, await look()]);
      const copy = server.dump(source.replace(/shop$/, ground.names.template));
      expect(copy).toContain(`OWNER TO ${ground.names.role}`);
      const plain = (text: string) => still(text).match(/^\d+\t.*$/gm);
      expect(plain(copy)).toEqual(plain(before));
      await leaveGround(ground);
    }
    expect(ways).toEqual([
      [expect.stringMatching(/^shop, copied by pg_dump \d+$/), ['simcity-server']],
      ['shop, copied as a template', []],
    ]);
    expect(still(server.dump(source))).toBe(still(before));
    await admin.end();
  });

  it('is refused above 1 GiB before anything is copied, unless that is meant', async () => {
    await using server = await startDebianPostgres(DEBIAN as string);
    const source = server.url.replace(/postgres$/, 'shop');
    const admin = connect(server.url, { max: 1 });
    await admin.unsafe('create database shop');
    const [row] = await admin`select oid from pg_database where datname = 'shop'`;
    // Its size is that of all files in its folder, and nothing has to be written for it.
    const file = join(server.data, 'base', String(row?.['oid']), 'large');
    writeFileSync(file, '');
    truncateSync(file, 1_100 * 1024 ** 2);
    const copy = (large: boolean) =>
      claimGround({
        order: { ...ORDER, url: source, large },
        targetUrl: null,
        say: (text) => said.push(text),
      });
    const said: string[] = [];
    await expect(copy(false)).rejects.toThrow(/shop has 1,\d\d\d MiB.*--gate-large/);
    expect(said).toEqual([]);
    const ground = await copy(true);
    expect(said).toEqual(['copying shop']);
    await leaveGround(ground);
    await admin.end();
  });
});
