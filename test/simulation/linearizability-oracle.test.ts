/** The online checker against the brute-force oracle, on random histories: the same verdict at the same step. */
import { expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { type Step, verdicts } from '../helpers/slot-history.ts';
import { falsified, randomShape, rightHistory } from '../helpers/slot-history-generator.ts';
import { oracle } from '../helpers/slot-oracle.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 6_000);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);

/** The first step at which the checker fails, -1 for none, -2 when it could not decide. */
function checked(capacity: number, steps: readonly Step[]): number {
  const found = verdicts(capacity, steps);
  if (found.at(-1) === 'unknown') return -2;
  return found.at(-1) === false ? found.length - 1 : -1;
}

function story(capacity: number, steps: readonly Step[]): string {
  return [`capacity ${capacity}`, ...steps.map((step, i) => `${i} ${JSON.stringify(step)}`)].join('\n');
}

it(`agrees with the oracle on ${HISTORIES} histories`, { timeout: 3_600_000 }, () => {
  const tally = { right: 0, wrong: 0, falsifiedButRight: 0 };
  for (let n = 0; n < HISTORIES; n++) {
    const prng = new Prng(SEED, 'operation', n);
    const shape = randomShape(prng);
    const right = rightHistory(prng, shape);
    const isFalsified = prng.chance(0.6);
    const steps = isFalsified ? falsified(prng, shape, right) : right;
    const truth = oracle(shape.capacity, steps);
    const found = checked(shape.capacity, steps);
    if (found !== truth) {
      expect.fail(
        `seed ${SEED}, history ${n}: the checker says ${found}, the oracle ${truth}\n${story(shape.capacity, steps)}`,
      );
    }
    if (!isFalsified)
      expect(truth, `the generator made a wrong history: seed ${SEED}, history ${n}`).toBe(-1);
    if (truth >= 0) tally.wrong++;
    else if (isFalsified) tally.falsifiedButRight++;
    else tally.right++;
  }
  // Without enough of each kind the agreement would prove little.
  expect(tally.right).toBeGreaterThan(HISTORIES / 4);
  expect(tally.wrong).toBeGreaterThan(HISTORIES / 10);
  expect(tally.falsifiedButRight).toBeGreaterThan(HISTORIES / 20);
});
