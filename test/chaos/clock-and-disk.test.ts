/** Rows 17 and 18: clocks that are wrong and jump, disks that are full. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { API_BASE, type Run, runPageSchema } from '../../server/contract/index.ts';
import { call } from '../helpers/server.ts';
import { Clock, lacksClock } from './support/clock.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, serve, startSimcity } from './support/parts.ts';
import { row } from './support/row.ts';
import { findRun, launchRun, untilEnded } from './support/runs.ts';
import { mountSmallDisk } from './support/small-disk.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { lacksMounts } from './support/tools.ts';
import { until, within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const NAMES = ['server', 'runner', 'harness', 'other'] as const;
/** To where the clocks jump, time after time. */
const JUMPS = [
  { server: '-1h', runner: '+1h', harness: '+1h', other: '-1h' },
  { server: '+1h', runner: '-1h', harness: '+1h', other: '+1h' },
  { server: '-1h', runner: '+0', harness: '-1h', other: '+0' },
  { server: '+0', runner: '+1h', harness: '-1h', other: '-1h' },
];

row(
  {
    row: 17,
    fault: 'clocks of server, runner and harness an hour ahead or behind, and jumping',
    target: 'no false lease expiry; order kept',
    cannot: lacksClock,
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const file = (name: string) => join(database.folder, `${name}.clock`);
    const clock = (name: string, shift: string) => {
      const made = new Clock(file(name));
      made.set(shift);
      return made;
    };
    const clocks = {
      server: clock('server', '+1h'),
      runner: clock('runner', '+1h'),
      harness: clock('harness', '-1h'),
      other: clock('other', '-1h'),
    };
    const server = await serve(row, databaseUrl, { env: clocks.server.environment });
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const leaseSeconds = 4;
    const hosting = await runner(row, proxy.url, databaseUrl, {
      env: {
        ...clocks.runner.environment,
        SIMCITY_LEASE_SECONDS: String(leaseSeconds),
        NODE_OPTIONS: `--require ${import.meta.dirname}/fixtures/harness-clock.cjs`,
        SIMCITY_CHAOS_HARNESS_CLOCK: file('harness'),
      },
    });
    const run = await launchRun(server.url, { operations: 3_000, rate: 150 });
    expect(Date.parse(run.createdAt) - Date.now(), 'the database has its own clock').toBeLessThan(60_000);
    const subscribers = subscribe(5, server.url, run.id);
    const [first] = subscribers as [Subscriber];
    const [start] = await until('the run has begun', 30_000, async () => {
      const rows = await sql<
        { at: Date }[]
      >`select at from simcity_run_events where run_id = ${run.id} and idx = 0`;
      return rows.length > 0 ? rows : null;
    });
    expect((start?.at.getTime() ?? 0) - Date.now(), 'the harness lives an hour ago').toBeLessThan(-3_000_000);
    // It looks for lost runs too; by its clock, once ahead, every lease is long over.
    await runner(row, proxy.url, databaseUrl, { env: clocks.other.environment });
    const lease = async () => {
      const [held] = await sql<{ fence: number; left: number; status: string }[]>`
        select fence, status, extract(epoch from lease_expires_at - now()) as left
        from simcity_runs where id = ${run.id}`;
      expect(held).toMatchObject({ fence: 1, status: 'RUNNING' });
      expect(Number(held?.left), 'what is left of the lease').toBeGreaterThan(0);
      expect(Number(held?.left), 'what is left of the lease').toBeLessThanOrEqual(leaseSeconds);
    };
    for (const shifts of JUMPS) {
      const place = first.next + 800;
      await until('the run goes on', 60_000, () => first.next > place || first.end !== null);
      await lease();
      for (const name of NAMES) clocks[name].set(shifts[name]);
    }
    expect(first.end, 'the clocks jumped in the middle of the run').toBeNull();
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    const ended = await findRun(server.url, run.id);
    expect(ended.status, JSON.stringify(ended.failForensic)).toBe('PASS');
    expect(await hosting.logs()).not.toMatch(/lease is lost|could not be renewed/);
    const later = await launchRun(server.url, { operations: 10 });
    await untilEnded(server.url, later.id, 60_000);
    const { body } = await call(server.url, 'GET', `${API_BASE}/runs`);
    const listed = runPageSchema.parse(body).runs.map(({ id }) => id);
    expect(listed, 'the newest first, by the clock of the database').toEqual([later.id, run.id]);
    row.say(
      `four clocks: server and runner +1 h, harness and another runner −1 h, then ${JUMPS.length} jumps of them against each other in the middle of the run; lease of ${leaseSeconds} s; ${events} events`,
    );
    row.reach(
      `PASS after ${Math.round(ended.durationSecondsActual ?? 0)} s by its own clock; one fence, no lease lost or too long; events and runs in order`,
    );
  },
);

row(
  {
    row: 18,
    fault: 'the disk of PostgreSQL and of the runner is full',
    target: 'no false acknowledgement; clear error; recovers',
    cannot: lacksMounts,
  },
  async (row) => {
    const disk = await mountSmallDisk(row, 260);
    const dataDir = join(disk.folder, 'data');
    // The embedded database of `simcity serve`, on the small disk; so are the logs of server and runner.
    const server = await serve(row, '', { env: { DATABASE_URL: undefined, SIMCITY_DATA_DIR: dataDir } });
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const note = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as { databaseUrl: string };
    const hosting = await runner(row, proxy.url, note.databaseUrl, { env: { SIMCITY_DATA_DIR: dataDir } });
    const pids = () => [...server.partPids('server'), ...hosting.partPids('runner')];
    const before = pids();
    const sql = database.open(row, note.databaseUrl);
    const run = await launchRun(server.url, { operations: 6_000, rate: 300 });
    const subscribers = subscribe(5, server.url, run.id);
    const [first] = subscribers as [Subscriber];
    await until('the run is under way', 60_000, () => first.next > 500);
    // There is room in the log of transactions, so it is the tables that cannot grow.
    await sql`select pg_switch_wal()`;
    disk.fill();
    expect(existsSync(join(disk.folder, 'filler'))).toBe(true);
    const refusals = () =>
      [...proxy.statuses].filter(([status]) => status >= 500).reduce((sum, [, times]) => sum + times, 0);
    await until('telemetry is refused', 60_000, () => refusals() > 2);
    // Now its log of transactions is used up too: PostgreSQL ends, and cannot start again.
    // By connections of its own: postgres.js tells the error of which a connection died once more, to the next query.
    const filling = database.open(row, note.databaseUrl);
    const fillLog = () => filling`select pg_logical_emit_message(false, 'filler', repeat('x', 8000000))`;
    await until('PostgreSQL ends', 60_000, () =>
      fillLog().then(
        () => false,
        (error: { code?: string }) => error.code === 'ECONNREFUSED',
      ),
    );
    const [duringTables, acknowledged] = [refusals(), proxy.countOf(run.id)];
    await until('telemetry is refused without PostgreSQL', 60_000, () => refusals() > duringTables + 2);
    for (const refusal of proxy.refusals)
      expect(refusal, 'what the harness is told').toContain('disk of the database is full');
    expect(await (await fetch(`${server.url}/readyz`)).text()).toContain('the disk of the database is full');
    const doctor = await startSimcity(row, ['doctor', '--server', server.url], {
      env: { SIMCITY_DATA_DIR: dataDir },
    });
    expect(await within('simcity doctor ends', 60_000, doctor.ended), doctor.stdout).not.toBe(0);
    expect(doctor.stdout, 'what the operator is told').toContain('Make room');
    disk.empty();
    const emptied = performance.now();
    await until('more is acknowledged', 90_000, () => proxy.countOf(run.id) > acknowledged);
    row.reach(`recovered ${Math.round(performance.now() - emptied)} ms after there was room`);
    await allEnded(subscribers, 120_000);
    const events = await assertInvariants(row, {
      sql,
      runId: run.id,
      subscribers,
      acknowledged: proxy.acknowledged.get(run.id),
    });
    const ended: Run = await findRun(server.url, run.id);
    expect(ended.status, JSON.stringify(ended.failForensic)).toBe('PASS');
    expect(pids(), 'server and runner are the same processes').toEqual(before);
    expect(proxy.statuses.get(500) ?? 0, 'answers 500').toBe(0);
    await sql.end({ timeout: 1 });
    row.say(
      `a disk of 260 MiB filled in the middle of a run of ${events} events, until PostgreSQL could not write its log either and ended; ${[...proxy.statuses].map(([status, times]) => `${times} × ${status || 'cut'}`).join(', ')}`,
    );
    row.reach(
      '503 that says that the disk of the database is full, also without PostgreSQL; simcity doctor says to make room',
    );
  },
);
