/** What becomes of runs whose runner, database or server is lost: each takes until a lease is over, or longer. */
import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Queue } from '../../runner/supervise/queue.ts';
import { worldRunnerName } from '../../server/contract/world-runner.ts';
import { isRunning, RunnerWorld, untilGone } from '../integration/runner-world.ts';

let world: RunnerWorld;

beforeAll(async () => {
  world = await RunnerWorld.create();
});

afterEach(() => world.endRunners());
afterAll(() => world?.destroy());

test('several runners claim each run exactly once', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, () => world.queue({ operations: 1 })));
  const runners = await Promise.all([1, 2].map(() => world.startRunner({ SIMCITY_PARALLEL: '2' })));
  const runs = await Promise.all(ids.map((id) => world.untilEnded(id)));
  expect(runs.map(({ status }) => status)).toEqual(ids.map(() => 'PASS'));
  const fences = await world.sql`select distinct fence::int from simcity_runs where id = any(${ids})`;
  expect(fences).toEqual([{ fence: 1 }]);
  const started = runners.map(({ stderr }) => stderr().split('the harness is started').length - 1);
  expect(started.reduce((sum, count) => sum + count)).toBe(12);
});

test('the run of a killed runner is executed again by another, and its harness ends by itself', async () => {
  const lost = await world.startRunner({ SIMCITY_LEASE_SECONDS: '2' });
  const other = await world.startRunner();
  // Meant for the one that is lost; no file of the user's keeps it from being executed elsewhere.
  const id = await world.queue({ operations: 1_000, rate: 200 }, 'memory', lost.name);
  const pid = await world.harnessPid(id);
  lost.process.kill('SIGKILL');
  await lost.ended;
  await untilGone(pid);
  const run = await world.untilEnded(id);
  expect(run).toMatchObject({ status: 'PASS', runner: other.name, next_index: 1_002 });
  expect(run.lost_attempts).toMatchObject([
    { attempt: 1, runner: lost.name, reason: expect.stringMatching('has not renewed its lease') },
  ]);
  expect(run.lost_attempts[0]?.eventIndex).toBeGreaterThanOrEqual(0);
});

describe('what a process of the directory that is gone alone was to execute', () => {
  /** Of a process with this pid that was started at another time. */
  const gone = () => `${hostname()}-${process.pid}-1-abcdef`;

  test('is executed by a runner that else takes one run alone', async () => {
    const [left, own] = [
      await world.queue({ operations: 1 }, 'memory', gone()),
      await world.queue({ operations: 1 }),
    ];
    const stranger = await world.queue({ operations: 1 });
    await world.startRunner({ SIMCITY_RUNNER_NAME: worldRunnerName(), SIMCITY_ONLY_RUN: own });
    for (const id of [left, own]) expect(await world.untilEnded(id)).toMatchObject({ status: 'PASS' });
    expect(await world.run(stranger)).toMatchObject({ status: 'QUEUED' });
  });

  test('is handed over where it got on, and lost where it did not', async () => {
    const queue = new Queue(world.sql, 'heir', 30);
    const name = gone();
    const taken = async (progress: number) => {
      const id = await world.queue();
      await world.sql`select from simcity_claim_run(${name}, 30, '\\x01', ${id})`;
      await world.sql`update simcity_runs set next_index = ${progress} where id = ${id}`;
      return id;
    };
    const [further, stuck] = [await taken(5), await taken(0)];
    await queue.forsake([name], null);
    await queue.reap();
    const handedOver = async (id: string) =>
      (await world.run(id)).lost_attempts.map((each) => each.handedOver);
    expect(await handedOver(further)).toEqual([true]);
    expect(await handedOver(stuck)).toEqual([undefined]);
    for (const id of [further, stuck]) expect((await world.run(id)).status).toBe('QUEUED');
  });

  test('is stopped with a sentence when it takes a command that only that process had', async () => {
    const id = await world.queue({}, 'http://127.0.0.1:1', `${gone()}-own`);
    await world.startRunner({ SIMCITY_RUNNER_NAME: worldRunnerName() });
    expect(await world.untilEnded(id)).toMatchObject({
      status: 'STOPPED',
      stop_reason: 'harness-lost',
      fail_forensic: { message: expect.stringMatching(/alone had the file or command.*launch it again/) },
    });
  });
});

test('a harness that is blocked when its runner is killed is gone too', async () => {
  const lost = await world.startRunner({ SIMCITY_LEASE_SECONDS: '2' });
  const id = await world.queue({ bug: 'block' });
  const pid = await world.harnessPid(id);
  lost.process.kill('SIGKILL');
  await untilGone(pid);
});

async function expectWholeHistory(id: string): Promise<void> {
  expect(await world.untilEnded(id)).toMatchObject({ status: 'PASS', next_index: 2_002 });
  const operations = await world.sql`
    select (data->>'operation')::int as operation from simcity_run_events
    where run_id = ${id} and type = 'note' order by idx`;
  expect(operations.map(({ operation }) => operation)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
}

test('a run outlives a crash of the database: nothing of its history is lost or stored twice', async () => {
  await world.startRunner();
  const id = await world.queue({ operations: 2_000, rate: 500 });
  await world.harnessPid(id);
  await world.crashDatabase();
  await expectWholeHistory(id);
});

test('a run outlives a crash of the server in the same way', async () => {
  await world.startRunner();
  const id = await world.queue({ operations: 2_000, rate: 500 });
  await world.harnessPid(id);
  await world.crashServer();
  await expectWholeHistory(id);
});

test('a runner that is told to end is gone within 25 s, with harnesses that obey nothing', async () => {
  const runner = await world.startRunner({ SIMCITY_PARALLEL: '2', SIMCITY_STOP_GRACE_SECONDS: '10' });
  const ids = [await world.queue({ bug: 'ignore-stop' }), await world.queue({ bug: 'block' })];
  const pids = await Promise.all(ids.map((id) => world.harnessPid(id)));
  const told = performance.now();
  runner.process.kill('SIGTERM');
  expect(await runner.ended).toBe(0);
  expect(performance.now() - told).toBeLessThan(25_000);
  expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
  for (const id of ids) expect(await world.run(id)).toMatchObject({ status: 'STOPPED' });
});
