/** Requests of several objects at once: the online checker against brute force, the same verdict at the same step. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import {
  checkedShelves,
  falseShelves,
  randomShelves,
  rightShelves,
  type ShelfShape,
  type ShelfStep,
  shelfModel,
} from '../helpers/shelves.ts';
import { shelvesOracle } from '../helpers/shelves-oracle.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 2_000);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);

/** These histories are short: folded as usual, few objects would ever be checked by themselves again. */
const FOLD_EVERY = [1, 2, 4, 16];

function story(shape: ShelfShape, steps: readonly ShelfStep[]): string {
  return [`${JSON.stringify(shape)}`, ...steps.map((step, i) => `${i} ${JSON.stringify(step)}`)].join('\n');
}

describe('requests of several objects at once', () => {
  it(`agrees with brute force on ${HISTORIES} histories`, { timeout: 3_600_000 }, () => {
    const tally = { right: 0, wrong: 0, falsifiedButRight: 0 };
    for (let n = 0; n < HISTORIES; n++) {
      const prng = new Prng(SEED, 'operation', n);
      const shape = randomShelves(prng);
      const right = rightShelves(prng, shape);
      const isFalsified = prng.chance(0.6);
      const steps = isFalsified ? falseShelves(prng, right) : right;
      const truth = shelvesOracle(shape, steps);
      const model = shelfModel(prng.chance(0.7), true);
      const found = checkedShelves(model, shape, steps, prng.pick(FOLD_EVERY));
      if (found !== truth) {
        expect.fail(
          `seed ${SEED}, history ${n}: the checker says ${found}, the oracle ${truth}\n${story(shape, steps)}`,
        );
      }
      if (!isFalsified) expect(truth, `seed ${SEED}, history ${n} is wrong from the start`).toBe(-1);
      if (truth >= 0) tally.wrong++;
      else if (isFalsified) tally.falsifiedButRight++;
      else tally.right++;
    }
    // Without enough of each kind the agreement would prove little.
    expect(tally.right).toBeGreaterThan(HISTORIES / 4);
    expect(tally.wrong).toBeGreaterThan(HISTORIES / 10);
    expect(tally.falsifiedButRight).toBeGreaterThan(HISTORIES / 20);
  });
});
