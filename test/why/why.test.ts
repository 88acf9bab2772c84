/** Explanations of known faults say what reading the services says: kind, statements, and what makes it pass. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { EXPECTED } from './expected.ts';
import { type Measured, measured, nameOf } from './measure.ts';

const results: Measured[] = [];
let cluster: TestPostgres;
let url: string;

beforeAll(async () => {
  cluster = await startTestPostgres();
  url = await cluster.createDatabase({ migrated: false });
});
afterAll(async () => {
  await cluster.close();
});

test.each(EXPECTED.map((expected) => ({ name: nameOf(expected), expected })))(
  '$name is explained, or said to be unknown',
  async ({ expected }) => {
    const result = await measured(expected, url);
    results.push(result);
    const { verdict, why, seed, reason, read, write } = result;
    const told = `seed ${seed}: ${why?.kind ?? reason}; read ${read}; write ${write}; ${why?.sentence ?? ''}`;
    process.stdout.write(`${nameOf(expected)}: ${verdict}; ${told}\n`);
    for (const cure of why?.cures ?? []) {
      const known =
        cure.kind === 'serial' ? expected.passes.serial : cure.kind === 'turn' ? expected.passes.turn : null;
      if (known !== null && verdict === 'right' && cure.of > 0)
        expect(cure.passes > 0, cure.what).toBe(known);
    }
  },
  300_000,
);

test('nine of ten are right, and at most one of fifty is wrong', () => {
  expect(results.length).toBe(EXPECTED.length);
  const count = (verdict: Measured['verdict']) => results.filter((result) => result.verdict === verdict);
  const wrong = count('wrong').map(({ expected, why }) => `${nameOf(expected)}: ${why?.kind}`);
  expect(wrong.length / results.length, wrong.join(', ')).toBeLessThanOrEqual(0.02);
  const unknown = count('unknown').map(({ expected, reason }) => `${nameOf(expected)}: ${reason}`);
  expect(count('right').length / results.length, unknown.join(', ')).toBeGreaterThanOrEqual(0.9);
});
