/** The model by other rules than the contract's against the brute-force oracle: the same verdict at the same step. */
import { describe, expect, it } from 'vitest';
import { CONTRACT_RULES, type DeclaredRules, withDeclared } from '../../server/contract/index.ts';
import { tallyAgreement } from '../helpers/oracle-agreement.ts';
import { firstWrong, verdicts } from '../helpers/slot-history.ts';
import { falsified, randomShape, randomTelling, rightHistory } from '../helpers/slot-history-generator.ts';
import { oracle } from '../helpers/slot-oracle.ts';

/** Of each rule. */
const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 10_000) / 200;
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);
const FOLD_EVERY = [1, 3, 6, 24, 256];

const RULES: Record<string, DeclaredRules> = {
  'those of the contract, told in other words': {},
  'no keys': { keys: false },
  'several bookings for one citizen': { onePerCitizen: false },
  'several bookings for one citizen, no keys': { onePerCitizen: false, keys: false },
  'a second cancel that is acknowledged': { secondCancel: 'ok' },
  'slots that are always open': { closing: false },
  'cancels by the citizen': { cancelsBy: 'citizen' },
  'cancels by the citizen, acknowledged twice, no keys': {
    cancelsBy: 'citizen',
    secondCancel: 'ok',
    keys: false,
  },
  'own bookings only are cancelled': { ownCancelOnly: true },
  'own bookings only are cancelled, several for one citizen, acknowledged twice, no keys': {
    ownCancelOnly: true,
    onePerCitizen: false,
    secondCancel: 'ok',
    keys: false,
  },
};

describe('the model agrees with the oracle', () => {
  for (const [name, declared] of Object.entries(RULES)) {
    it(`${name}: ${HISTORIES} histories`, { timeout: 3_600_000 }, () => {
      const rules = withDeclared(CONTRACT_RULES, declared);
      const tally = tallyAgreement(SEED, HISTORIES, (prng) => {
        const shape = randomTelling(prng, randomShape(prng, rules));
        const right = rightHistory(prng, shape);
        const isFalsified = prng.chance(0.6);
        const steps = isFalsified ? falsified(prng, shape, right) : right;
        const { capacity } = shape;
        const found = firstWrong(verdicts(capacity, steps, { foldEvery: prng.pick(FOLD_EVERY) }, rules));
        return {
          isFalsified,
          truth: oracle(capacity, steps, rules),
          found,
          about: `capacity ${capacity}`,
          steps,
        };
      });
      // Without enough of each kind the agreement would prove little.
      expect(tally.right + tally.falsifiedButRight).toBeGreaterThan(HISTORIES / 4);
      expect(tally.wrong).toBeGreaterThan(HISTORIES / 20);
    });
  }
});
