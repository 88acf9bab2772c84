/** Holds that end by themselves, places that are offered, payments told again: the checker against brute force. */
import { describe, expect, it } from 'vitest';
import { deskModel } from '../helpers/desk.ts';
import { checkedDesk, falseDesk, randomDesk, rightDesk } from '../helpers/desk-history.ts';
import { deskOracle } from '../helpers/desk-oracle.ts';
import { tallyAgreement } from '../helpers/oracle-agreement.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 1_000);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);

/** These histories are short: folded as usual, few would be folded at all. */
const FOLD_EVERY = [1, 2, 4, 256];

describe('a desk whose holds run out', () => {
  it.each(['timers', 'internal steps', 'deliveries'] as const)(
    `has the checker agree with brute force on ${HISTORIES} histories of %s`,
    { timeout: 3_600_000 },
    (kind) => {
      const tally = tallyAgreement(SEED, HISTORIES, (prng) => {
        const plan = randomDesk(prng, kind);
        const right = rightDesk(prng, plan);
        const isFalsified = prng.chance(0.6);
        const steps = isFalsified ? falseDesk(prng, right) : right;
        const found = checkedDesk(deskModel(plan, prng.chance(0.7)), steps, prng.pick(FOLD_EVERY));
        const truth = deskOracle(plan, steps, prng.chance(0.1));
        return { isFalsified, truth, found, about: JSON.stringify(plan), steps };
      });
      // Without enough of each kind the agreement would prove little.
      expect(tally.right).toBeGreaterThan(HISTORIES / 4);
      expect(tally.wrong).toBeGreaterThan(HISTORIES / 10);
      expect(tally.falsifiedButRight).toBeGreaterThan(HISTORIES / 20);
    },
  );
});
