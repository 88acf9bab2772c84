/** Rows 5, 10 and 11: a harness dies, a run is stopped, a runner is told to end. */
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath, type Forensic, type Run } from '../../server/contract/index.ts';
import { freePort } from '../helpers/folder.ts';
import { call } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, type Serving, serve, startSimcity } from './support/parts.ts';
import { descendants, isRunning, processesOf, running, signal } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { findRun, launchRun, newestRun, untilEnded, untilRun } from './support/runs.ts';
import { allEnded, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const SLOW = { operations: 100_000, rate: 50 };

async function world(row: Row) {
  const databaseUrl = await database.create();
  const sql = database.open(row, databaseUrl);
  const server = await serve(row, databaseUrl);
  const proxy = await TelemetryProxy.start(server.url);
  row.defer(() => proxy.close());
  return { databaseUrl, sql, server, proxy };
}

/** `simcity run` with a file or a command of the user's, on a server that is there. */
function runModule(row: Row, server: Serving, databaseUrl: string, args: readonly string[]) {
  return startSimcity(row, ['run', '--server', server.url, '--log', ...args], {
    env: { DATABASE_URL: databaseUrl, SIMCITY_URL: server.url, [MARK]: markOf(row) },
  });
}

/** A file that the fixtures write when they are reached. */
const MARK = 'SIMCITY_CHAOS_MARK';
const markOf = (row: Row) => join(tmpdir(), `simcity-chaos-${row.tag}`);

async function untilMarked(row: Row): Promise<void> {
  await until('the code under test is reached', 60_000, () => existsSync(markOf(row)));
  rmSync(markOf(row));
}

row(
  {
    row: 5,
    fault: 'the harness ends by SIGKILL, by SIGSEGV, with exit code 3',
    target: 'correct class ≤ 5 s',
  },
  async (row) => {
    const { databaseUrl, sql, server, proxy } = await world(row);
    const hosting = await runner(row, proxy.url, databaseUrl);
    for (const name of ['SIGKILL', 'SIGSEGV'] as const) {
      const run = await launchRun(server.url, SLOW);
      const subscribers = subscribe(3, server.url, run.id);
      await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
      const [harness = 0] = hosting.partPids('harness');
      signal(harness, name);
      const killed = performance.now();
      const ended = await untilEnded(server.url, run.id, 30_000);
      row.time(name, performance.now() - killed, 5_000);
      assertClass(ended, { signal: name, exitCode: null });
      await allEnded(subscribers, 10_000);
      const acknowledged = proxy.acknowledged.get(run.id);
      await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    }
    const command = await runModule(row, server, databaseUrl, [
      '--target',
      `${import.meta.dirname}/fixtures/exit-3.ts`,
    ]);
    const run = await newestRun(server.url, ({ target }) => target.startsWith('module:'));
    await untilMarked(row);
    const begun = performance.now();
    const ended = await untilEnded(server.url, run.id, 30_000);
    row.time('exit 3', performance.now() - begun, 5_000);
    assertClass(ended, { signal: null, exitCode: 3 });
    expect(await command.ended, 'the exit code of simcity run').toBe(4);
    await assertInvariants(row, { sql, runId: run.id });
    row.say('two harnesses killed in the middle of a run, one ended by the code under test');
  },
);

function assertClass(run: Run, process: Pick<NonNullable<Forensic['process']>, 'exitCode' | 'signal'>): void {
  expect(run).toMatchObject({ status: 'FAIL', failForensic: { kind: 'harness-crash', process } });
}

row(
  {
    row: 10,
    fault: 'a stop, of a harness that obeys and of one that hears neither stop nor SIGTERM',
    target: '≤ 5 s / ≤ 15 s; I4',
  },
  async (row) => {
    const { databaseUrl, sql, server, proxy } = await world(row);
    const hosting = await runner(row, proxy.url, databaseUrl);
    const run = await launchRun(server.url, SLOW);
    const subscribers = subscribe(3, server.url, run.id);
    await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
    const [obeying = 0] = hosting.partPids('harness');
    const asked = performance.now();
    expect((await call(server.url, 'POST', apiPath.stop(run.id))).status).toBe(202);
    await allEnded(subscribers, 30_000);
    row.time('obeying', performance.now() - asked, 5_000);
    await until('its harness is gone', 5_000, () => !isRunning(obeying));
    expect((await findRun(server.url, run.id)).status).toBe('STOPPED');
    const acknowledged = proxy.acknowledged.get(run.id);
    await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });

    await forced(row, server, databaseUrl, ['--target', `${import.meta.dirname}/fixtures/endless.ts`], () =>
      untilMarked(row),
    );
    const port = await freePort();
    const service = `node ${import.meta.dirname}/../fixtures/booking-services/right.ts --port ${port}`;
    const url = `http://127.0.0.1:${port}`;
    await forced(
      row,
      server,
      databaseUrl,
      ['--target', url, '--exec', service, '--duration', '600s'],
      async (pid, runId) => {
        await untilRun(server.url, runId, 'is under way', 60_000, ({ live }) => live.eventIndex > 20);
        signal(pid, 'SIGSTOP');
      },
    );
    await assertInvariants(row, { sql, runId: (await newestRun(server.url, () => true)).id });
    row.say(
      'stop by the API; a harness in an endless loop; one suspended, with a service of its own (--exec)',
    );
  },
);

/** Stops a run whose harness does not obey, once `deafen` has made it so; its whole group must go. */
async function forced(
  row: Row,
  server: Serving,
  databaseUrl: string,
  args: readonly string[],
  deafen: (harness: number, runId: string) => Promise<void>,
): Promise<void> {
  const known = (await newestRun(server.url, () => true)).id;
  const command = await runModule(row, server, databaseUrl, args);
  const run = await newestRun(server.url, ({ id }) => id > known);
  const harness = await until('the harness runs', 60_000, () => command.partPids('harness')[0]);
  await deafen(harness, run.id);
  const group = descendants(command.pid).filter(({ command: text }) =>
    /harness\.js|booking-services/.test(text),
  );
  const asked = performance.now();
  await call(server.url, 'POST', apiPath.stop(run.id));
  const ended = await untilEnded(server.url, run.id, 60_000);
  row.time('forced', performance.now() - asked, 15_000);
  expect(ended.status).toBe('STOPPED');
  await until('its whole group is gone', 5_000, () => !group.some(({ pid }) => isRunning(pid)));
  row.reach(`${group.length} process(es) of its group gone`);
  expect(await command.ended, 'the exit code of simcity run').toBe(3);
}

row(
  {
    row: 11,
    fault: 'SIGTERM to a runner with two runs, of which one does not obey',
    target: 'exit ≤ 25 s, no orphan',
  },
  async (row) => {
    const { databaseUrl, sql, server, proxy } = await world(row);
    const hosting = await runner(row, proxy.url, databaseUrl, { args: ['--parallel', '2'] });
    const runs = [await launchRun(server.url, SLOW), await launchRun(server.url, SLOW)];
    const subscribers = runs.flatMap(({ id }) => subscribe(1, server.url, id));
    await until('both runs are under way', 30_000, () => subscribers.every(({ next }) => next > 20));
    const harnesses = hosting.partPids('harness');
    expect(harnesses).toHaveLength(2);
    signal(harnesses[0] as number, 'SIGSTOP');
    const told = performance.now();
    hosting.child.kill('SIGTERM');
    await hosting.ended;
    row.time('exit', performance.now() - told, 25_000);
    expect(running(processesOf(row.tag), 'harness')).toEqual([]);
    expect(running(processesOf(row.tag), 'runner')).toEqual([]);
    await allEnded(subscribers, 30_000);
    for (const [at, { id }] of runs.entries()) {
      const own = subscribers.slice(at, at + 1);
      await assertInvariants(row, {
        sql,
        runId: id,
        subscribers: own,
        acknowledged: proxy.acknowledged.get(id),
      });
    }
    row.say('`simcity runner --parallel 2`, one of its harnesses suspended');
    row.reach('no orphan');
  },
);
