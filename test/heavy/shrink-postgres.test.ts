/**
 * Shrinking bugs of real transactions: many executions on a real database. SIMCITY_HEAVY=4 takes every bug of
 * the zoo, less takes its share of them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUGS } from '../../runner/scenarios/bookings/bugs/index.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { expectGoodReproduction, firstFailure, shrunk } from '../helpers/shrinking.ts';

const factor = Number(process.env['SIMCITY_HEAVY'] ?? 1);
/** Every so many-th bug. */
const STEP = Math.max(1, Math.round(5 / factor));
const MEDIAN_OPERATIONS = 6;

describe('shrinking on postgres', () => {
  const sizes: number[] = [];
  let postgres: TestPostgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase({ migrated: false });
  });
  afterAll(() => postgres.close());

  it.each(BUGS.filter((_, i) => i % STEP === 3 % STEP).map(({ name }) => name))(
    'what %s comes down to fails the same way 20 times of 20, and not without any one operation if it says so',
    async (bug) => {
      const found = await firstFailure(bug, 'postgres', url);
      const result = await shrunk(found, 1_000);
      sizes.push(result.trial.candidate.operations.length);
      await expectGoodReproduction(found, result, {
        operations: Number.POSITIVE_INFINITY,
        minimal: result.minimal,
      });
    },
    600_000,
  );

  it(`in the median they are at most ${MEDIAN_OPERATIONS} operations`, () => {
    const sorted = sizes.sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MEDIAN_OPERATIONS);
  });
});
