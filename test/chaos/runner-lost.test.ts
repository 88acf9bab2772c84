/** Rows 6, 7 and 8: a runner is killed, suspended, or cut off; its runs are lost, and nothing lives on. */
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { createNamespace } from './support/namespace.ts';
import { type Command, runner, serve } from './support/parts.ts';
import { isRunning, signal } from './support/processes.ts';
import { row } from './support/row.ts';
import { launchRun, untilEnded, untilRun } from './support/runs.ts';
import { FULL } from './support/seed.ts';
import { allEnded, subscribe } from './support/subscriber.ts';
import { TcpProxy } from './support/tcp-proxy.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { lacksNamespaces } from './support/tools.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

/** Slow and long: it is under way for as long as a row needs. */
const SLOW = { operations: 100_000, rate: 50 };

function onlyPid(command: Command, part: 'runner' | 'harness'): number {
  const pids = command.partPids(part);
  expect(pids, `processes of the ${part}`).toHaveLength(1);
  return pids[0] as number;
}

row(
  {
    row: 6,
    fault: 'kill -9 of the runner',
    target: 'FAIL, harness-lost ≤ 45 s; I4',
    concurrent: true,
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const hosting = await runner(row, proxy.url, databaseUrl);
    const run = await launchRun(server.url, SLOW);
    const subscribers = subscribe(3, server.url, run.id);
    await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
    const harness = onlyPid(hosting, 'harness');
    await hosting.killPart('runner');
    const killed = performance.now();
    await until('the harness is gone', 15_000, () => !isRunning(harness));
    row.reach(`harness gone ${Math.round(performance.now() - killed)} ms after the runner`);
    const ended = await untilEnded(server.url, run.id, 60_000);
    row.say('default lease of 30 s, 3 subscribers');
    row.time('FAIL', performance.now() - killed, 45_000);
    expect(ended).toMatchObject({ status: 'FAIL', failForensic: { kind: 'harness-lost' } });
    await allEnded(subscribers, 10_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
  },
);

row(
  {
    row: 7,
    fault: 'the runner suspended (SIGSTOP) for twice its lease, then continued',
    target: 'stale token refused; I3',
    concurrent: true,
  },
  async (row) => {
    const leaseSeconds = FULL ? 30 : 10;
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const env = { SIMCITY_LEASE_SECONDS: String(leaseSeconds) };
    const hosting = await runner(row, proxy.url, databaseUrl, { env });
    const run = await launchRun(server.url, SLOW);
    const subscribers = subscribe(3, server.url, run.id);
    await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
    const harness = onlyPid(hosting, 'harness');
    const suspended = onlyPid(hosting, 'runner');
    row.defer(() => signal(suspended, 'SIGCONT'));
    signal(suspended, 'SIGSTOP');
    const stopped = performance.now();
    const ended = await untilEnded(server.url, run.id, 60_000);
    expect(ended).toMatchObject({ status: 'FAIL', failForensic: { kind: 'harness-lost' } });
    await until('the harness has ended by itself', 20_000, () => !isRunning(harness));
    expect(performance.now() - stopped, 'the runner is still suspended').toBeLessThan(leaseSeconds * 2_000);
    const { authorization = '' } = proxy.lastHeaders;
    const events = [{ index: ended.live.eventIndex + 1, at: new Date().toISOString(), virtualMs: 1 }];
    const answer = await fetch(`${server.url}${apiPath.telemetry(run.id)}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        events: events.map((event) => ({ ...event, type: 'note', actor: 'city', data: {} })),
      }),
    });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ error: { code: 'lease_lost' } });
    await until(
      'twice the lease has passed',
      90_000,
      () => performance.now() - stopped > leaseSeconds * 2_000,
    );
    signal(suspended, 'SIGCONT');
    const next = await launchRun(server.url, { operations: 20 });
    await untilRun(
      server.url,
      next.id,
      'passes on the continued runner',
      30_000,
      ({ pass }) => pass === true,
    );
    row.say(`lease of ${leaseSeconds} s, suspended for ${2 * leaseSeconds} s; then it took another run`);
    row.reach('stale token: 409 lease_lost, the harness ended by itself');
    await allEnded(subscribers, 10_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
  },
);

row(
  {
    row: 8,
    fault: 'runner and harness partitioned from server and database',
    target: 'harness exits ≤ 45 s',
    cannot: lacksNamespaces,
    concurrent: true,
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const namespace = createNamespace(row);
    const server = await serve(row, databaseUrl, { env: { SIMCITY_ALLOWED_HOSTS: namespace.address } });
    const toDatabase = await TcpProxy.start(database.port, namespace.address);
    const toServer = await TcpProxy.start(Number(new URL(server.url).port), namespace.address);
    row.defer(async () => {
      await toDatabase.close();
      await toServer.close();
    });
    const hosting = await runner(row, toServer.inFrontOf(server.url), toDatabase.inFrontOf(databaseUrl), {
      prefix: namespace.prefix,
    });
    const run = await launchRun(server.url, SLOW);
    const subscribers = subscribe(3, server.url, run.id);
    await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
    const harness = onlyPid(hosting, 'harness');
    namespace.pull();
    const pulled = performance.now();
    await until('the harness is gone', 90_000, () => !isRunning(harness));
    row.time('harness gone', performance.now() - pulled, 45_000);
    const ended = await untilEnded(server.url, run.id, 60_000);
    expect(ended).toMatchObject({ status: 'FAIL', failForensic: { kind: 'harness-lost' } });
    namespace.plug();
    const next = await launchRun(server.url, { operations: 20 });
    await untilRun(
      server.url,
      next.id,
      'passes after the cable is back',
      60_000,
      ({ pass }) => pass === true,
    );
    row.say(
      'a network namespace whose cable was pulled; default lease of 30 s; after it the runner took another run',
    );
    await allEnded(subscribers, 10_000);
    await assertInvariants(row, { sql, runId: run.id, subscribers });
  },
);
