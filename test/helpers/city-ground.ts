/** What tests stand on that execute whole runs on `postgres`, one for each file. */
import { afterAll, beforeAll } from 'vitest';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';

export interface CityGround {
  /** Cities that one run leaves to the next. */
  readonly cities: CityKeeper;
  /** Of an empty database, once tests run. */
  readonly url: string;
}

/** To be called where a file, or a `describe`, begins. */
export function cityGround(): CityGround {
  const cities = new CityKeeper();
  let postgres: TestPostgres;
  let url = '';
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase({ migrated: false });
  });
  afterAll(async () => {
    await cities.close();
    await postgres?.close();
  });
  return {
    cities,
    get url() {
      return url;
    },
  };
}
