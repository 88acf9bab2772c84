/**
 * Explanations of known faults say what reading the services says: kind, statements, and what makes it pass. A few of
 * them, unless SIMCITY_WHY=all: all take most of an hour, and `node .ci/why.ts` writes their table.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { EXPECTED } from './expected.ts';
import { type Measured, measured, nameOf } from './measure.ts';

/** One of each kind of thing that is told: a stale check, a refusal that kept its write, a write in parts, a wrong value. */
const FEW = [
  'check-then-insert',
  'forgotten-rollback',
  'stays: frees-before-taking',
  'stays: days-of-24-hours',
];
const isAll = process.env['SIMCITY_WHY'] === 'all';
const chosen = EXPECTED.filter((expected) => isAll || FEW.includes(nameOf(expected)));

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

test.each(chosen.map((expected) => ({ name: nameOf(expected), expected })))(
  '$name is explained, or said to be unknown',
  async ({ expected }) => {
    const result = await measured(expected, url);
    results.push(result);
    const { verdict, why, seed, reason, read, write } = result;
    const told = `seed ${seed}: ${why?.kind ?? reason}; read ${read}; write ${write}; ${why?.sentence ?? ''}`;
    process.stdout.write(`${nameOf(expected)}: ${verdict}; ${told}\n`);
    if (!isAll) expect(verdict, told).toBe('right');
    for (const cure of why?.cures ?? []) {
      const known =
        // What is expected is said of the few requests of the reduction.
        cure.kind === 'serial' && !cure.what.startsWith('whole runs')
          ? expected.passes.serial
          : cure.kind === 'turn'
            ? expected.passes.turn
            : null;
      if (known !== null && verdict === 'right' && cure.of > 0)
        expect(cure.passes > 0, cure.what).toBe(known);
    }
  },
  300_000,
);

test('nine of ten are right, and at most one of fifty is wrong', () => {
  expect(results.length).toBe(chosen.length);
  const count = (verdict: Measured['verdict']) => results.filter((result) => result.verdict === verdict);
  const wrong = count('wrong').map(({ expected, why }) => `${nameOf(expected)}: ${why?.kind}`);
  expect(wrong.length / results.length, wrong.join(', ')).toBeLessThanOrEqual(0.02);
  const unknown = count('unknown').map(({ expected, reason }) => `${nameOf(expected)}: ${reason}`);
  expect(count('right').length / results.length, unknown.join(', ')).toBeGreaterThanOrEqual(0.9);
});
