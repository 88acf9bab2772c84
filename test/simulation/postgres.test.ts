import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { decided, executed } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const target = 'postgres';
let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});

afterAll(async () => {
  await database.close();
});

describe('on postgres', () => {
  it.each([
    ['rough', 'read-committed'],
    ['brutal', 'read-committed'],
    ['rough', 'repeatable-read'],
    ['rough', 'serializable'],
  ] as const)('one seed gives one history: %s faults, %s', async (faults, isolation) => {
    for (let seed = 1; seed <= 2; seed++) {
      const config = { operations: 150, faults, isolation };
      const first = await executed({ target, seed, config }, url);
      const second = await executed({ target, seed, config }, url);
      expect(decided(second.events)).toEqual(decided(first.events));
      expect(first.end, `seed ${seed}`).toMatchObject({ status: 'PASS' });
    }
  });

  it('the right service passes 6 seeds with faults on', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { end } = await executed({ target, seed, config: { operations: 120 } }, url);
      expect(end, `seed ${seed}`).toMatchObject({ status: 'PASS' });
    }
  });

  it.each(['check-then-insert', 'no-idempotency'])(
    'the bug %s is found within 20 seeds, and its command reproduces it event for event',
    async (bug) => {
      for (let seed = 1; seed <= 20; seed++) {
        const config = { operations: 2_000, bug };
        const first = await executed({ target, seed, config }, url);
        if (first.end.status !== 'FAIL') continue;
        expect(first.end.failForensic?.reproduce).toBe(`npx simcity run --seed ${seed} --bug ${bug}`);
        const second = await executed({ target, seed, config }, url);
        expect(decided(second.events)).toEqual(decided(first.events));
        return;
      }
      throw new Error(`${bug} was not found`);
    },
  );

  it('a serializable history is the same while other transactions come and go on the server', async () => {
    // Without a witness this seed depended on them: which finished transactions PostgreSQL still remembered.
    const launch = {
      target,
      seed: 44,
      config: { operations: 150, faults: 'none', isolation: 'serializable', strategy: 'random' },
    } as const;
    const first = decided((await executed(launch, url)).events);
    let over = false;
    const others = Array.from({ length: 2 }, async () => {
      const sql = database.open(url);
      while (!over) await sql.begin(async (tx) => await tx`select pg_current_xact_id(), pg_sleep(0.002)`);
    });
    for (let i = 0; i < 3; i++) expect(decided((await executed(launch, url)).events)).toEqual(first);
    over = true;
    await Promise.all(others);
  });

  it('a city that is used again gives the histories of a new one, after failures and crashes too', async () => {
    const cities = new CityKeeper();
    const runs = [
      { concurrency: 8, bug: 'check-then-insert' },
      { concurrency: 2, faults: 'brutal', faultRates: { crash: 0.05 } },
      { concurrency: 6, bug: 'lost-update' },
      { concurrency: 6, bug: 'lost-update' },
      { concurrency: 8, isolation: 'serializable', bug: 'id-reuse' },
      { concurrency: 8, isolation: 'serializable', faults: 'brutal' },
    ] as const;
    for (const [i, run] of runs.entries()) {
      const launch = { target, seed: 1 + i, config: { operations: 60, ...run } };
      const again = await executed(launch, url, cities);
      expect(decided(again.events)).toEqual(decided((await executed(launch, url)).events));
    }
    await cities.close();
  });

  it('leaves no city behind, and sweeps up one whose owner is gone', async () => {
    const sql = database.open(url);
    await sql`create schema simcity_city_00000000dead`;
    await executed({ target, seed: 1, config: { operations: 20 } }, url);
    const cities = await sql`select nspname from pg_namespace where nspname like 'simcity_city_%'`;
    expect(cities).toHaveLength(0);
  });
});
