/** `tickets` over PostgreSQL: the right box office at every isolation level, and each bug of the zoo. */
import { describe, expect, it } from 'vitest';
import { TICKET_BUGS } from '../../runner/scenarios/tickets/bugs.ts';
import { cityGround } from '../helpers/city-ground.ts';
import { decided, executed } from '../helpers/execute.ts';

const scenario = 'tickets';
const target = 'postgres';
/** By so many seeds each bug is found. */
const SEEDS = 30;
/** A run takes ten times as long as one in memory. */
const SEEDS_OF_RIGHT = Math.ceil(Number(process.env['SIMCITY_SEEDS'] ?? 20) / 10);

describe('tickets over PostgreSQL', () => {
  const ground = cityGround();
  const run = (seed: number, config: Record<string, unknown>) =>
    executed({ scenario, target, seed, config }, ground.url, ground.cities);

  it('the right box office passes at every isolation level', async () => {
    for (const isolation of ['read-committed', 'repeatable-read', 'serializable'] as const) {
      for (let seed = 1; seed <= SEEDS_OF_RIGHT; seed++) {
        const { end } = await run(seed, { operations: 150, isolation });
        expect(end, `seed ${seed}, ${isolation}`).toMatchObject({ status: 'PASS' });
      }
    }
  });

  it('one seed gives one history', async () => {
    const histories = [await run(7, { operations: 120 }), await run(7, { operations: 120 })];
    expect(decided(histories[0]?.events ?? [])).toEqual(decided(histories[1]?.events ?? []));
  });

  it.each(TICKET_BUGS.map(({ name }) => name))('the bug %s is found', async (bug) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      // It takes a crash while a payment waits to be stored.
      const operations = bug === 'paid-before-stored' ? 1_000 : 500;
      const { end } = await run(seed, { bug, operations });
      if (end.status !== 'FAIL') continue;
      // An internal error of the service would be a bug of another kind.
      expect(end.failForensic?.invariant).not.toBe('errors-without-cause');
      return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing.`);
  });
});
