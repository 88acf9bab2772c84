/** Rows 5, 10 and 11: a harness dies, a run is stopped, a runner is told to end. */
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath, type Run } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { freePort } from '../helpers/folder.ts';
import { call } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { type Command, runner, type Serving, serve, startSimcity } from './support/parts.ts';
import { descendants, isRunning, processesOf, running, signal } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { findRun, launchRun, newestRun, untilEnded, untilRun } from './support/runs.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const SLOW = { operations: 100_000, rate: 50 };

async function createWorld(row: Row) {
  const databaseUrl = await database.create();
  const sql = database.open(row, databaseUrl);
  const server = await serve(row, databaseUrl);
  const proxy = await TelemetryProxy.start(server.url);
  row.defer(() => proxy.close());
  return { databaseUrl, sql, server, proxy };
}

/** `simcity run` with a file or a command of the user's, on a server that is there. */
function runModule(row: Row, serverUrl: string, databaseUrl: string, args: readonly string[]) {
  return startSimcity(row, ['run', '--server', serverUrl, '--log', ...args], {
    env: { DATABASE_URL: databaseUrl, SIMCITY_URL: serverUrl, [MARK]: markOf(row) },
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
    target: 'executed again, or the right class, ≤ 5 s',
  },
  async (row) => {
    const { databaseUrl, sql, server, proxy } = await createWorld(row);
    const hosting = await runner(row, proxy.url, databaseUrl);
    const run = await launchRun(server.url, SLOW);
    const subscribers = subscribe(3, server.url, run.id);
    await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
    for (const [lost, name] of (['SIGKILL', 'SIGSEGV'] as const).entries()) {
      const before = await killHarness(hosting, name, subscribers);
      const begun = performance.now();
      const again = await untilRun(
        server.url,
        run.id,
        'goes on',
        30_000,
        ({ lostAttempts, live }) => lostAttempts.length > lost && live.eventIndex > before,
      );
      row.time(`goes on after ${name}`, performance.now() - begun, 5_000);
      expect(again.lostAttempts[lost]).toMatchObject({
        attempt: lost + 1,
        reason: expect.stringContaining(name),
      });
    }
    await killHarness(hosting, 'SIGKILL', subscribers);
    const lost = { status: 'STOPPED', pass: null, stopReason: 'harness-lost' };
    const process = { signal: 'SIGKILL', exitCode: null };
    const diagnosis = { kind: 'harness-lost', process };
    await assertEndInTime(row, 'the third loss', server, run.id, subscribers, {
      ...lost,
      failForensic: diagnosis,
    });
    await assertInvariants(row, {
      sql,
      runId: run.id,
      subscribers,
      acknowledged: proxy.acknowledged.get(run.id),
    });
    await assertServiceLost(row, server, sql, databaseUrl, { ...lost, failForensic: diagnosis });
    await assertEndedByItself(row, { databaseUrl, sql, server, proxy });
    row.say(
      'a harness killed three times in the middle of a run, one at a service, one ended by the code under test',
    );
  },
);

/** Ends the harness, and answers the event up to which everybody has come then. */
async function killHarness(
  hosting: Command,
  name: NodeJS.Signals,
  subscribers: readonly Subscriber[],
): Promise<number> {
  const harness = await until('a harness runs', 30_000, () => hosting.partPids('harness')[0]);
  signal(harness, name);
  await until('the harness is gone', 5_000, () => !isRunning(harness));
  return Math.max(...subscribers.map(({ next }) => next));
}

/** A run at a service, where no attempt is made again. */
async function assertServiceLost(
  row: Row,
  server: Serving,
  sql: Sql,
  databaseUrl: string,
  expected: object,
): Promise<void> {
  const { args, isTheirs } = await withService();
  const command = await runModule(row, server.url, databaseUrl, args);
  const run = await newestRun(server.url, isTheirs);
  const subscribers = subscribe(1, server.url, run.id);
  await untilRun(server.url, run.id, 'is under way', 60_000, ({ live }) => live.eventIndex > 20);
  await killHarness(command, 'SIGKILL', subscribers);
  await assertEndInTime(row, 'at a service', server, run.id, subscribers, expected);
  expect(await command.ended, 'the exit code of simcity run').toBe(4);
  await assertInvariants(row, { sql, runId: run.id, subscribers });
}

/** A run whose code under test ends the process that it runs in: that is the service's failure. */
async function assertEndedByItself(
  row: Row,
  { databaseUrl, sql, server, proxy }: Awaited<ReturnType<typeof createWorld>>,
): Promise<void> {
  const file = `${import.meta.dirname}/fixtures/exit-3.ts`;
  const command = await runModule(row, proxy.url, databaseUrl, ['--target', file]);
  const run = await newestRun(server.url, ({ target }) => target.startsWith('module:'));
  const subscribers = subscribe(3, server.url, run.id);
  await untilMarked(row);
  const process = { signal: null, exitCode: 3 };
  const failed = { status: 'FAIL', pass: false, failForensic: { kind: 'harness-crash', process } };
  await assertEndInTime(row, 'exit 3', server, run.id, subscribers, failed);
  expect(await command.ended, 'the exit code of simcity run').toBe(1);
  const acknowledged = proxy.acknowledged.get(run.id) ?? new Map();
  await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
}

/** From now on it takes at most 5 s until API and subscribers tell of the end, and of which. */
async function assertEndInTime(
  row: Row,
  what: string,
  server: Serving,
  runId: string,
  subscribers: readonly Subscriber[],
  expected: object,
): Promise<void> {
  const begun = performance.now();
  const ended = await untilEnded(server.url, runId, 30_000);
  await allEnded(subscribers, 30_000);
  row.time(what, performance.now() - begun, 5_000);
  expect(ended).toMatchObject(expected);
}

row(
  {
    row: 10,
    fault: 'a stop, of a harness that obeys and of one that hears neither stop nor SIGTERM',
    target: '≤ 5 s / ≤ 15 s; I4',
    concurrent: true,
  },
  async (row) => {
    const { databaseUrl, sql, server, proxy } = await createWorld(row);
    const hosting = await runner(row, proxy.url, databaseUrl);
    let obeyingMs = 0;
    for (let time = 0; time < STOPS; time++) {
      const run = await launchRun(server.url, SLOW);
      const subscribers = subscribe(3, server.url, run.id);
      await until('the run is under way', 30_000, () => subscribers.every(({ next }) => next > 20));
      const [harness = 0] = hosting.partPids('harness');
      const asked = performance.now();
      expect((await call(server.url, 'POST', apiPath.stop(run.id))).status).toBe(202);
      await allEnded(subscribers, 30_000);
      await until('its harness is gone', 30_000, () => !isRunning(harness));
      obeyingMs = Math.max(obeyingMs, performance.now() - asked);
      expect((await findRun(server.url, run.id)).status).toBe('STOPPED');
      const acknowledged = proxy.acknowledged.get(run.id);
      await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    }
    row.time('obeying', obeyingMs, 5_000);

    const all = { row, sql, server, proxy, databaseUrl };
    const underWay = (runId: string) =>
      untilRun(server.url, runId, 'is under way', 60_000, ({ live }) => live.eventIndex > 20);
    await Promise.all([
      forced(all, 'in an endless loop', {
        args: ['--target', `${import.meta.dirname}/fixtures/endless.ts`],
        isTheirs: ({ target }) => target.startsWith('module:'),
        deafen: () => untilMarked(row),
      }),
      forced(all, 'suspended, with a deaf service', {
        ...(await withService()),
        deafen: async (runId, harness) => {
          await underWay(runId);
          signal(harness, 'SIGSTOP');
        },
      }),
      forced(all, 'obeying, with a deaf service', { ...(await withService()), deafen: underWay }),
    ]);
    row.say(
      `${STOPS} stops by the API; a harness in an endless loop; one suspended and one that obeys, both with a service of their own (--exec) that ignores SIGTERM`,
    );
  },
);

/** How often a harness that obeys is stopped. */
const STOPS = 5;

interface Forced {
  args: readonly string[];
  isTheirs: (run: Run) => boolean;
  /** Resolves when the run is to be stopped. */
  deafen: (runId: string, harness: number) => Promise<unknown>;
}

/** The words of a run against a service of its own which hears no SIGTERM, and how to know that run. */
async function withService(): Promise<Pick<Forced, 'args' | 'isTheirs'>> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const service = `node ${import.meta.dirname}/fixtures/deaf-service.ts --port ${port}`;
  return {
    args: ['--target', url, '--exec', service, '--duration', '600s'],
    isTheirs: ({ target }) => target.startsWith(url),
  };
}

/** Stops a run of which something does not obey; verdict and end of its whole group must come in time. */
async function forced(
  world: Awaited<ReturnType<typeof createWorld>> & { row: Row },
  what: string,
  { args, isTheirs, deafen }: Forced,
): Promise<void> {
  const { row, sql, server, proxy, databaseUrl } = world;
  const command = await runModule(row, proxy.url, databaseUrl, args);
  const run = await newestRun(server.url, isTheirs);
  const subscribers = subscribe(2, server.url, run.id);
  const harness = await until('the harness runs', 60_000, () => command.partPids('harness')[0]);
  await deafen(run.id, harness);
  const group = descendants(command.pid).filter(({ command: text }) => /harness\.js|deaf-service/.test(text));
  const asked = performance.now();
  await call(server.url, 'POST', apiPath.stop(run.id));
  const ended = await untilEnded(server.url, run.id, 60_000);
  await until('its whole group is gone', 60_000, () => !group.some(({ pid }) => isRunning(pid)));
  row.time(what, performance.now() - asked, 15_000);
  row.reach(`${group.length} process(es) of its group gone`);
  expect(ended.status).toBe('STOPPED');
  expect(await command.ended, 'the exit code of simcity run').toBe(3);
  await allEnded(subscribers, 10_000);
  const acknowledged = proxy.acknowledged.get(run.id) ?? new Map();
  await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
}

row(
  {
    row: 11,
    fault: 'SIGTERM to a runner with two runs, of which one does not obey',
    target: 'exit ≤ 25 s, no orphan',
    concurrent: true,
  },
  async (row) => {
    const { databaseUrl, sql, server, proxy } = await createWorld(row);
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
