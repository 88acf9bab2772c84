/** Requests of several objects at once: the online checker against brute force, the same verdict at the same step. */
import { describe, expect, it } from 'vitest';
import { tallyAgreement } from '../helpers/oracle-agreement.ts';
import { checkedShelves, falseShelves, randomShelves, rightShelves, shelfModel } from '../helpers/shelves.ts';
import { shelvesOracle } from '../helpers/shelves-oracle.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 2_000);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);

/** These histories are short: folded as usual, few objects would ever be checked by themselves again. */
const FOLD_EVERY = [1, 2, 4, 16];

describe('requests of several objects at once', () => {
  it(`agrees with brute force on ${HISTORIES} histories`, { timeout: 3_600_000 }, () => {
    const tally = tallyAgreement(SEED, HISTORIES, (prng) => {
      const shape = randomShelves(prng);
      const right = rightShelves(prng, shape);
      const isFalsified = prng.chance(0.6);
      const steps = isFalsified ? falseShelves(prng, right) : right;
      const model = shelfModel(prng.chance(0.7), true);
      const found = checkedShelves(model, shape, steps, prng.pick(FOLD_EVERY));
      return { isFalsified, truth: shelvesOracle(shape, steps), found, about: JSON.stringify(shape), steps };
    });
    // Without enough of each kind the agreement would prove little.
    expect(tally.right).toBeGreaterThan(HISTORIES / 4);
    expect(tally.wrong).toBeGreaterThan(HISTORIES / 10);
    expect(tally.falsifiedButRight).toBeGreaterThan(HISTORIES / 20);
  });
});
