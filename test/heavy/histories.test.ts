/** More seeds than `npm test` executes, held against their recorded histories. */
import { it } from 'vitest';
import { cityGround } from '../helpers/city-ground.ts';
import { assertAsRecorded, type Hashes, historyCases, historyHashOf } from '../helpers/recorded-histories.ts';

const ground = cityGround();

it('the recorded histories of many seeds are those of this generation', async () => {
  const found: Hashes = {};
  for (const each of historyCases('many'))
    found[each.name] = await historyHashOf(each, ground.url, ground.cities);
  assertAsRecorded(found, 'many');
});
