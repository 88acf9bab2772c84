import { describe, expect, it } from 'vitest';
import { BUGS } from '../../runner/scenarios/bookings/bugs/index.ts';
import { cityGround } from '../helpers/city-ground.ts';
import { executed } from '../helpers/execute.ts';

const SEEDS = 12;
const ground = cityGround();

/** The first seed that finds the bug; null when none of them does. */
async function firstSeed(target: string, bug: string, url: string | null): Promise<number | null> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { end } = await executed({ target, seed, config: { bug } }, url, ground.cities);
    if (end.status === 'FAIL') return seed;
  }
  return null;
}

describe('the zoo', () => {
  it('has at least fourteen bugs, each with a name of its own', () => {
    expect(BUGS.length).toBeGreaterThanOrEqual(14);
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
  });

  // All of them are found there in the heavier suites.
  it.each(BUGS.filter(({ memory }) => !memory).map(({ name }) => name))(
    `%s is found on postgres within ${SEEDS} seeds`,
    async (bug) => {
      expect(await firstSeed('postgres', bug, ground.url)).not.toBeNull();
    },
    120_000,
  );

  it.each(BUGS.filter(({ memory }) => memory).map(({ name }) => name))(
    `%s is found on memory within ${SEEDS} seeds`,
    async (bug) => {
      expect(await firstSeed('memory', bug, null)).not.toBeNull();
    },
  );

  it('a bug of databases says so on memory', async () => {
    const run = executed({ target: 'memory', seed: 1, config: { bug: 'read-committed-skew' } });
    await expect(run).rejects.toThrow('needs --target postgres');
  });

  it('read-committed-skew is right at serializable, as it says', async () => {
    const config = { bug: 'read-committed-skew', isolation: 'serializable', operations: 400 } as const;
    for (let seed = 1; seed <= 3; seed++) {
      const { end } = await executed({ target: 'postgres', seed, config }, ground.url);
      expect(end, `seed ${seed}`).toMatchObject({ status: 'PASS' });
    }
  });
});
