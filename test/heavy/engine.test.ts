/**
 * What the engine promises, over many seeds: one seed one history, no false alarm, every known bug found.
 * SIMCITY_HEAVY multiplies the numbers of seeds: 4 gives 2,000 and 100 seeds each executed twice, and 20,000
 * and 300 without a false alarm.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bug } from '../../runner/scenarios/bookings/bugs/bug.ts';
import { BUGS } from '../../runner/scenarios/bookings/bugs/index.ts';
import { STRATEGIES } from '../../runner/sim/strategies/index.ts';
import { FAULT_PROFILES, ISOLATION_LEVELS, type Launch } from '../../server/contract/index.ts';
import { executed, historyHash } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const factor = Number(process.env['SIMCITY_HEAVY'] ?? 1);
const seeds = (n: number) => Array.from({ length: Math.ceil(n * factor) }, (_, i) => i + 1);

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});

afterAll(async () => {
  await database.close();
});

/** Faults, isolation, strategies and, if wanted, bugs in turn, so that every mixture of them is met. */
function settings(seed: number, bugs: readonly Bug[]): NonNullable<Launch['config']> {
  const bug = seed % 5 === 0 ? bugs[(seed / 5) % bugs.length] : undefined;
  return {
    operations: 150,
    faults: inTurn(FAULT_PROFILES, seed),
    isolation: inTurn(ISOLATION_LEVELS, seed / 4),
    strategy: inTurn(STRATEGIES, seed / 12).name,
    ...(bug ? { bug: bug.name } : {}),
  };
}

function inTurn<T>(items: readonly T[], turn: number): T {
  return items[Math.floor(turn) % items.length] as T;
}

/** The hash of one run in a process of its own. */
async function elsewhere(launch: Launch & { seed: number }, targetUrl: string | null): Promise<string> {
  const child = fork('test/helpers/execute-elsewhere.ts', { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send({ launch, targetUrl });
  const [hash] = await once(child, 'message');
  await once(child, 'close');
  return hash as string;
}

describe('one seed, one history', () => {
  it.each([
    ['memory', 500, 50],
    ['postgres', 25, 5],
  ])('on %s, faults and bugs on, also in another process', async (target, count, every) => {
    const targetUrl = target === 'postgres' ? url : null;
    const bugs = BUGS.filter(({ memory }) => memory || targetUrl);
    for (const seed of seeds(count)) {
      const launch = { target, seed, config: settings(seed, bugs) };
      const first = historyHash((await executed(launch, targetUrl)).events);
      const second =
        seed % every === 0
          ? await elsewhere(launch, targetUrl)
          : historyHash((await executed(launch, targetUrl)).events);
      expect(second, `seed ${seed}`).toBe(first);
    }
  });
});

describe('the right service is never blamed', () => {
  it.each([
    ['memory', 5_000],
    ['postgres', 75],
  ])('on %s, over all profiles and isolation levels', async (target, count) => {
    for (const seed of seeds(count)) {
      const config = settings(seed, []);
      const { end } = await executed({ target, seed, config }, target === 'postgres' ? url : null);
      expect(end.failForensic?.message ?? 'PASS', `seed ${seed} ${JSON.stringify(config)}`).toBe('PASS');
    }
  });
});

describe('every bug of the zoo is found on postgres within 100 seeds', () => {
  it.each(BUGS.map((bug) => bug.name))('%s', async (bug) => {
    for (let seed = 1; seed <= 100; seed++) {
      const { end } = await executed({ target: 'postgres', seed, config: { operations: 2_000, bug } }, url);
      if (end.status !== 'FAIL') continue;
      expect(end.failForensic?.reproduce).toContain(`--bug ${bug}`);
      return;
    }
    throw new Error(`${bug} was not found within 100 seeds`);
  });
});
