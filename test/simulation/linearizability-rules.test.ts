/** The model by other rules than the contract's against the brute-force oracle: the same verdict at the same step. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { CONTRACT_RULES, type DeclaredRules, withDeclared } from '../../server/contract/index.ts';
import { type Step, verdicts } from '../helpers/slot-history.ts';
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

/** The first step at which the checker fails, -1 for none, -2 when it could not decide. */
function checked(found: readonly unknown[]): number {
  if (found.at(-1) === 'unknown') return -2;
  return found.at(-1) === false ? found.length - 1 : -1;
}

function story(capacity: number, steps: readonly Step[]): string {
  return [`capacity ${capacity}`, ...steps.map((step, i) => `${i} ${JSON.stringify(step)}`)].join('\n');
}

describe('the model agrees with the oracle', () => {
  for (const [name, declared] of Object.entries(RULES)) {
    it(`${name}: ${HISTORIES} histories`, { timeout: 3_600_000 }, () => {
      const rules = withDeclared(CONTRACT_RULES, declared);
      const tally = { right: 0, wrong: 0 };
      for (let n = 0; n < HISTORIES; n++) {
        const prng = new Prng(SEED, 'operation', n);
        const shape = randomTelling(prng, randomShape(prng, rules));
        const right = rightHistory(prng, shape);
        const isFalsified = prng.chance(0.6);
        const steps = isFalsified ? falsified(prng, shape, right) : right;
        const truth = oracle(shape.capacity, steps, rules);
        const foldEvery = prng.pick(FOLD_EVERY);
        const found = checked(verdicts(shape.capacity, steps, { foldEvery }, rules));
        if (found !== truth) {
          const about = `seed ${SEED}, history ${n}: the checker says ${found}, the oracle ${truth}`;
          expect.fail(`${about}\n${story(shape.capacity, steps)}`);
        }
        if (!isFalsified) expect(truth, `the generator made a wrong history: ${n}`).toBe(-1);
        if (truth >= 0) tally.wrong++;
        else tally.right++;
      }
      // Without enough of each kind the agreement would prove little.
      expect(tally.right).toBeGreaterThan(HISTORIES / 4);
      expect(tally.wrong).toBeGreaterThan(HISTORIES / 20);
    });
  }
});
