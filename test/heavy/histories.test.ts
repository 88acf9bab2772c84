/** More seeds than `npm test` executes, held against their recorded histories. */
import { afterAll, beforeAll, it } from 'vitest';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { assertAsRecorded, type Hashes, historyCases, historyHashOf } from '../helpers/recorded-histories.ts';

let database: TestPostgres;
const cities = new CityKeeper();

beforeAll(async () => {
  database = await startTestPostgres();
});

afterAll(async () => {
  await cities.close();
  await database.close();
});

it('the recorded histories of many seeds are those of this generation', async () => {
  const url = await database.createDatabase({ migrated: false });
  const found: Hashes = {};
  for (const each of historyCases('many')) found[each.name] = await historyHashOf(each, url, cities);
  assertAsRecorded(found, 'many');
});
