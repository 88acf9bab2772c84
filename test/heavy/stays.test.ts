import { describe, expect, it } from 'vitest';
import { HOUSE_BUGS } from '../../runner/scenarios/stays/bugs.ts';
import { cityGround } from '../helpers/city-ground.ts';
import { decided, executed } from '../helpers/execute.ts';
import { firstFailure, shrunk } from '../helpers/shrinking.ts';

const scenario = 'stays';
/** By so many seeds each bug is found, in memory by one of the first few. */
const SEEDS = 12;
const SEEDS_ON_POSTGRES = 30;
const SEEDS_OF_RIGHT = Number(process.env['SIMCITY_SEEDS'] ?? 8);

describe('stays', () => {
  const ground = cityGround();

  /** The first seed that finds the bug; null when none does. */
  async function firstSeed(target: string, bug: string, seeds: number): Promise<number | null> {
    for (let seed = 1; seed <= seeds; seed++) {
      const config = { bug, operations: target === 'memory' ? 2_000 : 600 };
      const { end } = await executed({ scenario, target, seed, config }, ground.url, ground.cities);
      if (end.status !== 'FAIL') continue;
      // An internal error of the service would be a bug of another kind.
      expect(end.failForensic?.invariant).not.toBe('errors-without-cause');
      return seed;
    }
    return null;
  }

  it('the right house passes in memory under every profile', async () => {
    for (const faults of ['none', 'calm', 'rough', 'brutal'] as const) {
      for (let seed = 1; seed <= SEEDS_OF_RIGHT; seed++) {
        const config = { operations: 400, faults };
        const { end } = await executed({ scenario, target: 'memory', seed, config });
        expect(end, `seed ${seed}, faults ${faults}`).toMatchObject({ status: 'PASS' });
      }
    }
  });

  it('the right house passes on postgres at every isolation level', async () => {
    for (const isolation of ['read-committed', 'repeatable-read', 'serializable'] as const) {
      for (let seed = 1; seed <= 3; seed++) {
        const config = { operations: 150, isolation };
        const { end } = await executed(
          { scenario, target: 'postgres', seed, config },
          ground.url,
          ground.cities,
        );
        expect(end, `seed ${seed}, ${isolation}`).toMatchObject({ status: 'PASS' });
      }
    }
  });

  it('one seed gives one history, on both targets', async () => {
    for (const target of ['memory', 'postgres']) {
      const launch = { scenario, target, seed: 7, config: { operations: 200 } };
      const histories = [
        await executed(launch, ground.url, ground.cities),
        await executed(launch, ground.url, ground.cities),
      ];
      expect(decided(histories[0]?.events ?? [])).toEqual(decided(histories[1]?.events ?? []));
    }
  });

  it.each(HOUSE_BUGS.map(({ name }) => name))('the bug %s is found on both targets', async (bug) => {
    expect(await firstSeed('memory', bug, SEEDS)).not.toBeNull();
    expect(await firstSeed('postgres', bug, SEEDS_ON_POSTGRES)).not.toBeNull();
  });

  it.each([
    // The model is what the first seed shows it by.
    ['check-then-insert', 'unit-taken-once', 2],
    ['days-of-24-hours', 'acknowledged-booking-stays', 1],
    ['frees-before-taking', 'change-at-one-instant', 1],
  ])('%s is named %s, and comes down to six operations at most', async (bug, invariant, from) => {
    const found = await firstFailure(bug, 'memory', null, scenario, from);
    expect(found.forensic.invariant).toBe(invariant);
    // As people read times, and not in minutes since 1970.
    expect(found.forensic.message).not.toMatch(/\d{8}/);
    const { trial } = await shrunk(found);
    expect(trial.candidate.operations.length).toBeLessThanOrEqual(6);
  });
});
