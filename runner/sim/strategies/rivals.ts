/**
 * Guided by conflicts on one object: the more requests there are for an object, the likelier one of them goes
 * on, and among rivals those at their beginning overtake, as in `ambush`. So the work of the city gathers where
 * requests can get in each other's way, and what nobody else is about waits meanwhile.
 */
import type { Prng } from '../prng.ts';
import { weightOf } from './ambush.ts';
import type { Candidate, Strategy, StrategyFactory } from './strategy.ts';
import { drawnByWeight } from './weighted.ts';

class Rivals implements Strategy {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(ready: readonly Candidate[]): number {
    const weights = ready.map((candidate) => weightOf(candidate) * rivalsOf(candidate, ready) ** 2);
    return drawnByWeight(this.#prng, weights);
  }

  done(): void {}
}

/** How many of `ready` are about the same object, with itself. */
function rivalsOf({ object }: Candidate, ready: readonly Candidate[]): number {
  if (object === null) return 1;
  let count = 0;
  for (const other of ready) if (other.object === object) count++;
  return count;
}

export const rivals: StrategyFactory = {
  name: 'rivals',
  create: (prng) => new Rivals(prng),
};
