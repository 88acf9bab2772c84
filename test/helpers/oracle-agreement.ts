/** Random histories of which a checker has to say what brute force says. */
import { expect } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';

export interface JudgedHistory {
  readonly isFalsified: boolean;
  /** The first step that is wrong, by brute force; -1: none is. */
  readonly truth: number;
  /** The same by the checker; -2: it could not decide. */
  readonly found: number;
  /** What the history is about, for people. */
  readonly about: string;
  readonly steps: readonly unknown[];
}

export interface HistoryTally {
  right: number;
  wrong: number;
  falsifiedButRight: number;
}

/** Has `judge` draw and judge so many histories, each from a number stream of its own. @throws at the first that differs. */
export function tallyAgreement(
  seed: number,
  histories: number,
  judge: (prng: Prng) => JudgedHistory,
): HistoryTally {
  const tally = { right: 0, wrong: 0, falsifiedButRight: 0 };
  for (let n = 0; n < histories; n++) {
    const { isFalsified, truth, found, about, steps } = judge(new Prng(seed, 'operation', n));
    if (found !== truth) {
      const differ = `seed ${seed}, history ${n}: the checker says ${found}, the oracle ${truth}`;
      expect.fail([differ, about, ...steps.map((step, i) => `${i} ${JSON.stringify(step)}`)].join('\n'));
    }
    if (!isFalsified)
      expect(truth, `the generator made a wrong history: seed ${seed}, history ${n}`).toBe(-1);
    if (truth >= 0) tally.wrong++;
    else if (isFalsified) tally.falsifiedButRight++;
    else tally.right++;
  }
  return tally;
}
