import { describe, expect, it } from 'vitest';
import { TICKET_BUGS } from '../../runner/scenarios/tickets/bugs.ts';
import { decided, executed } from '../helpers/execute.ts';

const scenario = 'tickets';
const target = 'memory';
/** By so many seeds each bug is found. */
const SEEDS = 20;
const SEEDS_OF_RIGHT = Number(process.env['SIMCITY_SEEDS'] ?? 8);

describe('tickets', () => {
  /** The first seed that finds the bug; null when none does. */
  async function firstSeed(bug: string): Promise<number | null> {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { end } = await executed({ scenario, target, seed, config: { bug, operations: 1_000 } });
      if (end.status !== 'FAIL') continue;
      // An internal error of the service would be a bug of another kind.
      expect(end.failForensic?.invariant).not.toBe('errors-without-cause');
      return seed;
    }
    return null;
  }

  it('the right box office passes in memory under every profile', async () => {
    for (const faults of ['none', 'calm', 'rough', 'brutal'] as const) {
      for (let seed = 1; seed <= SEEDS_OF_RIGHT; seed++) {
        const { end } = await executed({ scenario, target, seed, config: { operations: 400, faults } });
        expect(end, `seed ${seed}, faults ${faults}`).toMatchObject({ status: 'PASS' });
      }
    }
  });

  it('one seed gives one history', async () => {
    const launch = { scenario, target, seed: 7, config: { operations: 200 } };
    const histories = [await executed(launch), await executed(launch)];
    expect(decided(histories[0]?.events ?? [])).toEqual(decided(histories[1]?.events ?? []));
  });

  it('holds run out while they are paid, sales open, and who waits is promoted', async () => {
    const { end } = await executed({ scenario, target, seed: 3, config: { operations: 1_000 } });
    expect(end.status).toBe('PASS');
    for (const [property, count] of Object.entries(end.sometimes ?? {})) {
      if (property.startsWith('a hold ran out') || property.startsWith('a waiter'))
        expect(count).toBeGreaterThan(0);
    }
  });

  it.each(TICKET_BUGS.map(({ name }) => name))('the bug %s is found', async (bug) => {
    expect(await firstSeed(bug)).not.toBeNull();
  });
});
