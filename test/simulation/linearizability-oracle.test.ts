/** The online checker against the brute-force oracle, on random histories: the same verdict at the same step. */
import { expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { tallyAgreement } from '../helpers/oracle-agreement.ts';
import { applyStep, firstWrong, type Step, slotChecker, verdicts } from '../helpers/slot-history.ts';
import { falsified, randomShape, rightHistory } from '../helpers/slot-history-generator.ts';
import { oracle } from '../helpers/slot-oracle.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 2_000);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);

/** These histories are short: folded as usual, few would be folded at all. */
const FOLD_EVERY = [1, 3, 6, 24, 256];

function story(capacity: number, steps: readonly Step[]): string {
  return [`capacity ${capacity}`, ...steps.map((step, i) => `${i} ${JSON.stringify(step)}`)].join('\n');
}

it(`agrees with the oracle on ${HISTORIES} histories`, { timeout: 3_600_000 }, () => {
  const tally = tallyAgreement(SEED, HISTORIES, (prng) => {
    const shape = randomShape(prng);
    const right = rightHistory(prng, shape);
    const isFalsified = prng.chance(0.6);
    const steps = isFalsified ? falsified(prng, shape, right) : right;
    const { capacity } = shape;
    const found = firstWrong(verdicts(capacity, steps, { foldEvery: prng.pick(FOLD_EVERY) }));
    return { isFalsified, truth: oracle(capacity, steps), found, about: `capacity ${capacity}`, steps };
  });
  // Without enough of each kind the agreement would prove little.
  expect(tally.right).toBeGreaterThan(HISTORIES / 4);
  expect(tally.wrong).toBeGreaterThan(HISTORIES / 10);
  expect(tally.falsifiedButRight).toBeGreaterThan(HISTORIES / 20);
});

/** As `checked`, but every key is forgotten as soon as nothing uses it any more. */
function checkedForgetting(capacity: number, steps: readonly Step[], foldEvery: number): number {
  const checker = slotChecker(capacity, { foldEvery });
  const lastUse = new Map<string, number>();
  const names = new Map<number, string>();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'invoke' && step.call.operation === 'book') {
      names.set(step.id, JSON.stringify({ citizen: step.call.citizen, key: step.call.key }));
    }
    const name = names.get(step.id);
    if (name) lastUse.set(name, index);
  }
  for (const [index, step] of steps.entries()) {
    const verdict = applyStep(checker, step);
    if (verdict !== true) return verdict === 'unknown' ? -2 : index;
    const name = names.get(step.id);
    if (name && lastUse.get(name) === index) checker.forget(JSON.parse(name));
  }
  return -1;
}

it('never calls a history wrong because it forgot a key', { timeout: 600_000 }, () => {
  let forgiven = 0;
  for (let n = 0; n < HISTORIES / 4; n++) {
    const prng = new Prng(SEED + 1, 'operation', n);
    const shape = randomShape(prng);
    const right = rightHistory(prng, shape);
    const steps = prng.chance(0.5) ? falsified(prng, shape, right) : right;
    const truth = oracle(shape.capacity, steps);
    const found = checkedForgetting(shape.capacity, steps, prng.pick(FOLD_EVERY));
    const isRight = found === truth || (truth >= 0 && (found === -1 || found > truth));
    if (!isRight)
      expect.fail(`seed ${SEED + 1}, history ${n}: ${found}, not ${truth}\n${story(shape.capacity, steps)}`);
    if (found !== truth) forgiven++;
  }
  // With a key goes the id of its cancelled booking; only what needs that id may be missed.
  expect(forgiven).toBeLessThan(HISTORIES / 100);
});
