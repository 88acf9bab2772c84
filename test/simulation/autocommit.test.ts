/** Statements outside of a transaction that write: the commit of each is a step, so that two of them can meet. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { setLoaded } from '../../runner/modules/loaded.ts';
import { decided } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { CROWDED, executedService } from '../helpers/sql-services.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());
afterEach(() => setLoaded({ scenario: null, adapter: null, service: null }));

it('a race inside one statement is found by each of 10 seeds, with one history a seed', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const run = () => executedService('counts-in-its-insert', seed, { operations: 1_000 }, url);
    const first = await run();
    expect(first.end, `seed ${seed}`).toMatchObject({ status: 'FAIL' });
    expect(first.end.failForensic?.invariant, `seed ${seed}`).toMatch(/no-overbooking|per-object-history/);
    if (seed <= 3) expect(decided((await run()).events), `seed ${seed}`).toEqual(decided(first.events));
  }
});

it.each(['read-committed', 'repeatable-read', 'serializable'] as const)(
  'a right service without transactions passes at %s, with one history a seed',
  async (isolation) => {
    for (let seed = 1; seed <= 3; seed++) {
      const run = () => executedService('counts-in-its-slot', seed, { ...CROWDED, isolation }, url);
      const first = await run();
      expect(first.end, `seed ${seed}`).toMatchObject({ status: 'PASS' });
      expect(decided((await run()).events), `seed ${seed}`).toEqual(decided(first.events));
    }
  },
);

it('a serialization failure strikes at such a commit as at any other, and the statement had no effect', async () => {
  const faultRates = { 'serialization-failure': 0.3 };
  const config = { ...CROWDED, faults: 'none', faultRates } as const;
  const { events, end } = await executedService('counts-in-its-slot', 1, config, url);
  expect(end).toMatchObject({ status: 'PASS' });
  const struck = events.filter(
    ({ type, data }) => type === 'fault' && data['name'] === 'serialization-failure',
  );
  expect(struck.length).toBeGreaterThan(3);
});
