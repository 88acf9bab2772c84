/**
 * Random transactions that wait for each other in every way that PostgreSQL has, each executed twice. SIMCITY_HEAVY
 * multiplies the number of seeds.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { isSerializable, transacted } from '../helpers/random-transactions.ts';

const SEEDS = Math.ceil(100 * Number(process.env['SIMCITY_HEAVY'] ?? 1));

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

it('transactions that deadlock, wait at their commit or go back to a savepoint repeat bit for bit', async () => {
  const cities = new CityKeeper();
  let deadlocks = 0;
  const different: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const first = await transacted(seed, url, cities);
    const second = await transacted(seed, url, cities);
    if (!isSerializable(seed)) expect(second.trace, `seed ${seed}`).toEqual(first.trace);
    else if (JSON.stringify(second.trace) !== JSON.stringify(first.trace)) different.push(seed);
    deadlocks += first.deadlocks;
  }
  await cities.close();
  // What is left to PostgreSQL there is said in runner/README.md.
  expect(different.length, `serializable, different: ${different}`).toBeLessThanOrEqual(SEEDS / 100);
  expect(deadlocks).toBeGreaterThan(SEEDS);
}, 1_800_000);
