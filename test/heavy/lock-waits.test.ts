/**
 * Random transactions that wait for each other in every way that PostgreSQL has, each executed twice. SIMCITY_HEAVY
 * multiplies the number of seeds.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { transacted } from '../helpers/random-transactions.ts';

const SEEDS = Math.ceil(200 * Number(process.env['SIMCITY_HEAVY'] ?? 1));

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
  for (let seed = 1; seed <= SEEDS; seed++) {
    const first = await transacted(seed, url, cities);
    expect((await transacted(seed, url, cities)).trace, `seed ${seed}`).toEqual(first.trace);
    deadlocks += first.deadlocks;
  }
  await cities.close();
  expect(deadlocks).toBeGreaterThan(SEEDS);
}, 1_800_000);
