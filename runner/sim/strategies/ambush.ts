/**
 * Guided by how far requests have come: those at their beginning overtake those in the middle of their
 * work, which so wait there with what they have seen while it gets out of date. A race is a thing that
 * happens between a look and what is done about it; here all look before any acts, and an operation of
 * one step goes right through the middle of the longer ones.
 *
 * Tried and measured to find the zoo's bugs later: holding single requests at random until one rival or
 * several have gone by, random speeds, letting one request sprint to its end, and no chance at all for
 * those that lead.
 */
import type { Prng } from '../prng.ts';
import type { Candidate, Strategy, StrategyFactory } from './strategy.ts';

/** How likely a request is to go, by the steps it has taken; the last is for all beyond. */
const WEIGHTS = [1, 0.1, 0.01, 0.001];

class Ambush implements Strategy {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(ready: readonly Candidate[]): number {
    let total = 0;
    for (const candidate of ready) total += weightOf(candidate);
    let left = this.#prng.float() * total;
    const last = ready.length - 1;
    for (let i = 0; i < last; i++) {
      left -= weightOf(ready[i] as Candidate);
      if (left < 0) return i;
    }
    return last;
  }

  done(): void {}
}

/** How likely a request is to go, beside others. */
export function weightOf({ steps }: Candidate): number {
  return WEIGHTS[Math.min(steps, WEIGHTS.length - 1)] as number;
}

export const ambush: StrategyFactory = {
  name: 'ambush',
  create: (prng) => new Ambush(prng),
};
