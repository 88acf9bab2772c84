/** Rows 17 and 18: clocks that are wrong and jump, disks that are full. */
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { API_BASE, type Run } from '../../server/contract/index.ts';
import { call } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, serve } from './support/parts.ts';
import { row } from './support/row.ts';
import { findRun, launchRun } from './support/runs.ts';
import { mountSmallDisk } from './support/small-disk.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { lacksMounts } from './support/tools.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const FAKETIME = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0] ?? '';

/** The environment of processes whose clock differs by what `file` says. */
function shifted(file: string): Record<string, string> {
  return {
    LD_PRELOAD: FAKETIME,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Their threads would wait by the wrong clock.
    FAKETIME_FAKE_STAT: '0',
    NO_FAKE_STAT: '1',
  };
}

row(
  {
    row: 17,
    fault: 'clocks of server, runner and harness an hour ahead or behind, and jumping',
    target: 'no false lease expiry; order kept',
    cannot: () => (FAKETIME !== '' ? null : 'libfaketime is not installed (Debian: libfaketime)'),
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const ofServer = join(database.folder, 'server.clock');
    const ofRunner = join(database.folder, 'runner.clock');
    writeFileSync(ofServer, '+1h\n');
    writeFileSync(ofRunner, '-1h\n');
    const server = await serve(row, databaseUrl, { env: shifted(ofServer) });
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const leaseSeconds = 4;
    await runner(row, proxy.url, databaseUrl, {
      env: { ...shifted(ofRunner), SIMCITY_LEASE_SECONDS: String(leaseSeconds) },
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
    const jumps = ['+1h', '-1h', '+0', '+1h'];
    for (const jump of jumps) {
      const place = first.next + 800;
      await until('the run goes on', 60_000, () => first.next > place || first.end !== null);
      writeFileSync(ofRunner, `${jump}\n`);
      writeFileSync(ofServer, `${jump === '+1h' ? '-1h' : '+1h'}\n`);
    }
    expect(first.end, 'the clocks jumped in the middle of the run').toBeNull();
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    const ended = await findRun(server.url, run.id);
    expect(ended.status, JSON.stringify(ended.failForensic)).toBe('PASS');
    row.say(
      `server +1 h, runner and harness −1 h, then ${jumps.length} jumps of both in the middle of the run; lease of ${leaseSeconds} s; ${events} events`,
    );
    row.reach(`PASS after ${Math.round(ended.durationSecondsActual ?? 0)} s by its own clock, no lease lost`);
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
    await runner(row, proxy.url, note.databaseUrl, { env: { SIMCITY_DATA_DIR: dataDir } });
    const run = await launchRun(server.url, { operations: 6_000, rate: 300 });
    const subscribers = subscribe(5, server.url, run.id);
    const [first] = subscribers as [Subscriber];
    await until('the run is under way', 60_000, () => first.next > 500);
    disk.fill();
    expect(existsSync(join(disk.folder, 'filler'))).toBe(true);
    const refusals = () =>
      [...proxy.statuses].filter(([status]) => status >= 500).reduce((sum, [, times]) => sum + times, 0);
    await until('telemetry is refused', 60_000, () => refusals() > 2);
    const acknowledged = proxy.countOf(run.id);
    let said = '';
    const refusedLaunch = await until('a launch is refused', 60_000, async () => {
      const { status, body } = await call(server.url, 'POST', `${API_BASE}/runs`, {
        target: 'memory',
        config: { thresholds: ['x'.repeat(200)] },
      });
      said = JSON.stringify(body);
      return status >= 500 ? status : null;
    }).catch(() => null);
    expect([null, 503], said).toContain(refusedLaunch);
    expect(proxy.statuses.get(500) ?? 0, `no answer is 500: ${JSON.stringify([...proxy.statuses])}`).toBe(0);
    disk.empty();
    const emptied = performance.now();
    await until('more is acknowledged', 90_000, () => proxy.countOf(run.id) > acknowledged);
    row.reach(`recovered ${Math.round(performance.now() - emptied)} ms after there was room`);
    await allEnded(subscribers, 120_000);
    const sql = database.open(row, note.databaseUrl);
    const events = await assertInvariants(row, {
      sql,
      runId: run.id,
      subscribers,
      acknowledged: proxy.acknowledged.get(run.id),
    });
    const ended: Run = await findRun(server.url, run.id);
    expect(ended.status, JSON.stringify(ended.failForensic)).toBe('PASS');
    await sql.end({ timeout: 1 });
    row.say(
      `a disk of 260 MiB filled in the middle of a run of ${events} events; ${[...proxy.statuses].map(([status, times]) => `${times} × ${status || 'cut'}`).join(', ')}`,
    );
    row.reach(
      `503 that says so: ${/disk of the database is full/.test(proxy.lastRefusal) ? 'the disk of the database is full' : 'the database cannot be reached'}`,
    );
  },
);
