/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatti 2010, "A randomized
 * scheduler with probabilistic guarantees of finding bugs"): every request has a random priority, the
 * highest goes first, and at random points the one in front falls behind all others.
 */
import type { Prng } from '../prng.ts';
import type { Candidate, Strategy, StrategyFactory } from './strategy.ts';

/**
 * The paper places d - 1 change points over a run of known length. A run here has no end known beforehand
 * and many short requests, so they come at a rate: one in so many steps.
 */
const STEPS_PER_CHANGE = 12;

class Pct implements Strategy {
  readonly #prng: Prng;
  readonly #priority = new Map<number, number>();
  #lowest = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(ready: readonly Candidate[]): number {
    let best = this.#highest(ready);
    if (this.#prng.below(STEPS_PER_CHANGE) === 0) {
      this.#priority.set((ready[best] as Candidate).number, --this.#lowest);
      best = this.#highest(ready);
    }
    return best;
  }

  done(candidate: Candidate): void {
    this.#priority.delete(candidate.number);
  }

  #highest(ready: readonly Candidate[]): number {
    let best = 0;
    let bestPriority = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < ready.length; i++) {
      const { number } = ready[i] as Candidate;
      let priority = this.#priority.get(number);
      if (priority === undefined) {
        priority = this.#prng.float();
        this.#priority.set(number, priority);
      }
      if (priority > bestPriority) {
        best = i;
        bestPriority = priority;
      }
    }
    return best;
  }
}

export const pct: StrategyFactory = {
  name: 'pct',
  create: (prng) => new Pct(prng),
};
