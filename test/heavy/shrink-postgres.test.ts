/** Shrinking a race of real transactions: many executions on a real database. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { expectGoodReproduction, firstFailure, shrunk } from '../helpers/shrinking.ts';

describe('shrinking on postgres', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.close());

  it('a race of real transactions comes down to a few operations that fail 20 times of 20', async () => {
    const url = await postgres.createDatabase({ migrated: false });
    const found = await firstFailure('check-then-insert', 'postgres', url);
    await expectGoodReproduction(found, await shrunk(found, 600));
  }, 600_000);
});
