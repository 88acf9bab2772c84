/** What the right reference services answer is never called wrong, however requests overlap, are lost and are repeated. */
import { expect, it } from 'vitest';
import { SCENARIOS } from '../../runner/scenarios/registry.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { checkedHistory, randomPlan, rightHistory } from '../helpers/scenario-history.ts';

/** They are longer than those that brute force can judge: fewer take as long. */
const HISTORIES = Math.ceil(Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 1_200) / 4);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);
/** These histories are short: folded as usual, few would be folded at all. */
const FOLD_EVERY = [1, 5, 256];
/** This share may stay undecided, at most. */
const UNDECIDED_SHARE = 0.004;

it.each(SCENARIOS.map(({ name }) => name))(
  `explains ${HISTORIES} right histories of %s`,
  { timeout: 1_800_000 },
  (scenario) => {
    let undecided = 0;
    for (let n = 0; n < HISTORIES; n++) {
      const prng = new Prng(SEED, 'operation', n);
      const history = rightHistory(n, prng, randomPlan(prng, scenario));
      const found = checkedHistory(history, prng.pick(FOLD_EVERY));
      if (found === -2) undecided++;
      else expect(found, `history ${n}: ${JSON.stringify(history.steps.slice(0, found + 1))}`).toBe(-1);
    }
    expect(undecided).toBeLessThanOrEqual(HISTORIES * UNDECIDED_SHARE);
  },
);
