/** Rows 6, 7 and 8: a runner is killed, suspended, or cut off; its runs are executed again or lost, and nothing lives on. */
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath, type Run } from '../../server/contract/index.ts';
import { freePort } from '../helpers/folder.ts';
import { call, passed } from '../helpers/server.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { createNamespace } from './support/namespace.ts';
import { type Command, runner, type Serving, serve, startSimcity } from './support/parts.ts';
import { descendants, isRunning, processesOf, running, signal } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { findRun, launchRun, newestRun, untilEnded, untilRun } from './support/runs.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
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
    target: 'executed again (at a service: STOPPED, harness-lost) ≤ 45 s; I4',
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
    const withService = await runWithService(row, server, databaseUrl);
    const [runnerOfService = 0] = withService.command.partPids('runner');
    await Promise.all([hosting.killPart('runner'), withService.command.killPart('runner')]);
    const killed = performance.now();
    const orphans = [harness, ...withService.pids];
    await until('harnesses and service are gone', 15_000, () => !orphans.some(isRunning));
    row.reach(`harnesses and service gone ${Math.round(performance.now() - killed)} ms after their runners`);
    expect(running(processesOf(row.tag), 'harness'), 'nothing runs on').toEqual([]);
    expect(isRunning(runnerOfService)).toBe(false);
    const [again, lost] = await Promise.all([
      goesOn(server, run.id, subscribers, 60_000).then((found) => {
        row.time('goes on', performance.now() - killed, 45_000);
        return found;
      }),
      untilEnded(server.url, withService.runId, 60_000),
    ]);
    row.time('STOPPED', performance.now() - killed, 45_000);
    expect(lost).toMatchObject({
      ...{ status: 'STOPPED', pass: null, stopReason: 'harness-lost' },
      failForensic: { kind: 'harness-lost' },
    });
    expect(again.lostAttempts).toMatchObject([{ attempt: 1, reason: expect.stringMatching('not renewed') }]);
    await stopRun(server, run.id);
    row.say('two runners, one with a service of its own (--exec); default lease of 30 s, 3 subscribers');
    await allEnded(subscribers, 10_000);
    await assertInvariants(row, { sql, runId: withService.runId });
    const acknowledged = proxy.acknowledged.get(run.id);
    await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
  },
);

/** Resolves once a run whose attempt was lost has got further than everybody has seen. */
function goesOn(
  server: Serving,
  runId: string,
  subscribers: readonly Subscriber[],
  withinMs: number,
): Promise<Run> {
  const before = Math.max(...subscribers.map(({ next }) => next));
  const further = ({ lostAttempts, live }: Run) => lostAttempts.length > 0 && live.eventIndex > before;
  return untilRun(server.url, runId, 'goes on', withinMs, further);
}

async function stopRun(server: Serving, runId: string): Promise<Run> {
  expect((await call(server.url, 'POST', apiPath.stop(runId), { reason: 'enough' })).status).toBe(202);
  const ended = await untilEnded(server.url, runId, 30_000);
  expect(ended).toMatchObject({ status: 'STOPPED', stopReason: 'enough', failForensic: null });
  return ended;
}

/** `simcity run` on a server that is there, with a service that it starts itself; resolves when it is under way. */
async function runWithService(row: Row, server: Serving, databaseUrl: string) {
  const port = await freePort();
  const service = `node ${import.meta.dirname}/../fixtures/booking-services/right.ts --port ${port}`;
  const target = `http://127.0.0.1:${port}`;
  const args = ['--log', '--target', target, '--exec', service, '--duration', '600s'];
  const command = await startSimcity(row, ['run', '--server', server.url, ...args], {
    env: { DATABASE_URL: databaseUrl },
  });
  const run = await newestRun(server.url, (each) => each.target.startsWith(target));
  await untilRun(server.url, run.id, 'is under way', 60_000, ({ live }) => live.eventIndex > 20);
  const pids = descendants(command.pid)
    .filter(({ command: words }) => /harness\.js|booking-services/.test(words))
    .map(({ pid }) => pid);
  expect(pids.length, 'a harness and its service').toBeGreaterThan(1);
  return { command, runId: run.id, pids };
}

/** For how long the runner hears and says nothing: twice the default lease. */
const SUSPENDED_MS = 60_000;

row(
  {
    row: 7,
    fault: 'the runner suspended (SIGSTOP) for 60 s, twice its lease, then continued',
    target: 'stale token refused; I3',
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
    const suspended = onlyPid(hosting, 'runner');
    row.defer(() => signal(suspended, 'SIGCONT'));
    signal(suspended, 'SIGSTOP');
    const stopped = performance.now();
    const waits = ({ status, lostAttempts }: Run) => status === 'QUEUED' && lostAttempts.length === 1;
    const waiting = await untilRun(server.url, run.id, 'waits to be executed again', 60_000, waits);
    await until('the harness has ended by itself', 20_000, () => !isRunning(harness));
    expect(performance.now() - stopped, 'the runner is still suspended').toBeLessThan(SUSPENDED_MS);
    const stale = { url: `${server.url}${apiPath.telemetry(run.id)}`, headers: proxy.lastHeaders };
    await assertStale(stale, waiting.live.eventIndex + 1);
    await until('the time is over', 90_000, () => performance.now() - stopped > SUSPENDED_MS);
    const [held] = await sql<{ renewed: number; ended: boolean; lost: string | null }[]>`
      select (select count(*) from simcity_renew_lease(${run.id}, 1, 30)) as renewed,
        simcity_end_run(${run.id}, 1, 'PASS', null, null) as ended,
        simcity_lose_run(${run.id}, 1, '{"kind": "harness-lost", "message": "it was lost"}') as lost`;
    expect(held, 'what the fence that is over still opens').toEqual({ renewed: 0, ended: false, lost: null });
    signal(suspended, 'SIGCONT');
    await goesOn(server, run.id, subscribers, 30_000);
    await assertStale(stale, waiting.live.eventIndex + 1);
    const ended = await stopRun(server, run.id);
    expect(ended.lostAttempts).toHaveLength(1);
    const next = await launchRun(server.url, { operations: 20 });
    const passes = ({ pass }: Run) => pass === true;
    await untilRun(server.url, next.id, 'passes on the continued runner', 30_000, passes);
    await assertStale(stale, ended.live.eventIndex + 1);
    expect(await findRun(server.url, run.id), 'the end is what it was').toEqual(ended);
    row.say('default lease of 30 s, suspended for 60 s; then it went on with the run, and took another');
    row.reach(
      'stale token: 409 lease_lost for events and for an end, before and after SIGCONT, no renewal; the harness ended by itself; the run was executed again',
    );
    await allEnded(subscribers, 10_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
  },
);

/** Neither events nor an end are taken with the token of a lease that is over. */
async function assertStale(
  stale: { url: string; headers: IncomingHttpHeaders },
  index: number,
): Promise<void> {
  const event = { index, at: new Date().toISOString(), virtualMs: 1, actor: 'city', data: {} };
  for (const batch of [
    { events: [{ ...event, type: 'note' }] },
    { events: [{ ...event, type: 'end' }], end: passed },
    { events: [] },
  ]) {
    const { authorization = '' } = stale.headers;
    const answer = await fetch(stale.url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    });
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ error: { code: 'lease_lost' } });
  }
}

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
    const proxy = await TelemetryProxy.start(server.url);
    const toServer = await TcpProxy.start(Number(new URL(proxy.url).port), namespace.address);
    row.defer(async () => {
      await proxy.close();
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
    const waits = ({ status, lostAttempts }: Run) => status === 'QUEUED' && lostAttempts.length === 1;
    await untilRun(server.url, run.id, 'waits to be executed again', 60_000, waits);
    namespace.plug();
    await goesOn(server, run.id, subscribers, 60_000);
    const ended = await stopRun(server, run.id);
    const next = await launchRun(server.url, { operations: 20 });
    await untilRun(server.url, next.id, 'passes after that', 60_000, ({ pass }) => pass === true);
    row.say(
      'a network namespace whose cable was pulled; default lease of 30 s; after it the runner went on with the run, and took another',
    );
    await allEnded(subscribers, 10_000);
    expect(await findRun(server.url, run.id), 'the end is what it was').toEqual(ended);
    const acknowledged = proxy.acknowledged.get(run.id);
    await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
  },
);
