/** Cities of attempts whose harness was killed: they go with the attempt, whoever ended it, and not with a later run. */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RunnerProcess, RunnerWorld } from '../integration/runner-world.ts';

/** It is far from its end when its harness is killed. */
const SLOW = { operations: 100_000, rate: 5 };
/** The harness of the runner itself, and no stand-in. */
const REAL = { SIMCITY_HARNESS: '' };

let world: RunnerWorld;

beforeAll(async () => {
  world = await RunnerWorld.create();
});
afterEach(() => world.endRunners());
afterAll(() => world?.destroy());

async function cities(): Promise<string[]> {
  const rows = await world.sql<{ name: string }[]>`
    select datname as name from pg_database where datname like 'simcity_city_%' order by name`;
  return rows.map(({ name }) => name);
}

const cityOf = (runId: string, fence: number) => `simcity_city_${runId.replaceAll('-', '')}_${fence}`;

async function underWay(runner: Record<string, string>): Promise<{ id: string; runner: RunnerProcess }> {
  const id = await world.queue(SLOW, 'postgres');
  const started = await world.startRunner({ ...REAL, ...runner });
  await world.until(id, ({ next_index }) => next_index > 0);
  expect(await cities()).toEqual([cityOf(id, 1)]);
  return { id, runner: started };
}

/** Somebody who is connected to the city, as backends are that do not know yet that their harness is gone. */
async function guest(name: string): Promise<void> {
  const url = Object.assign(new URL(world.databaseUrl), { pathname: `/${name}` });
  await postgres(url.href, { max: 1 })`select 1`;
}

test('of a harness that is killed its runner drops the city, whoever is connected to it', async () => {
  const { id, runner } = await underWay({});
  await guest(cityOf(id, 1));
  for (const pid of runner.harnessPids()) process.kill(pid, 'SIGKILL');
  // The run goes on in a city of its own.
  await expect.poll(cities, { timeout: 60_000 }).toEqual([cityOf(id, 3)]);
  expect((await world.run(id)).lost_attempts).toHaveLength(1);
});

test('of a run that is stopped, and whose harness has to be killed for it, its runner drops the city', async () => {
  const { id, runner } = await underWay({ SIMCITY_STOP_GRACE_SECONDS: '1' });
  for (const pid of runner.harnessPids()) process.kill(pid, 'SIGSTOP');
  await world.sql`select simcity_request_stop(${id}, 'enough')`;
  await world.untilEnded(id);
  await expect.poll(cities, { timeout: 60_000 }).toEqual([]);
});

test('of a runner that is killed with its harness another drops the city, which executes nothing itself', async () => {
  const { id, runner } = await underWay({ SIMCITY_LEASE_SECONDS: '3' });
  await guest(cityOf(id, 1));
  await world.startRunner({ ...REAL, SIMCITY_ONLY_RUN: randomUUID() });
  runner.process.kill('SIGKILL');
  for (const pid of runner.harnessPids()) process.kill(pid, 'SIGKILL');
  await world.until(id, ({ status }) => status === 'QUEUED');
  await expect.poll(cities, { timeout: 60_000 }).toEqual([]);
});

test('a runner that starts drops what was left when there was none', async () => {
  const { id, runner } = await underWay({});
  runner.process.kill('SIGKILL');
  for (const pid of runner.harnessPids()) process.kill(pid, 'SIGKILL');
  await world.sql`select simcity_end_run(${id}, null, 'STOPPED', 'enough', null)`;
  await world.startRunner({ ...REAL, SIMCITY_ONLY_RUN: randomUUID() });
  await expect.poll(cities, { timeout: 60_000 }).toEqual([]);
});
