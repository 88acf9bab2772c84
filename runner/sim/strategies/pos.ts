/**
 * Partial-order sampling (Yuan, Yang, Gu 2018, "Partial order aware concurrency sampling", CAV): every step that can be
 * taken has a random priority, the highest goes, and those that race with it draw theirs anew. So every order of steps
 * that race comes up, and none is drawn twice for steps whose order changes nothing.
 *
 * Steps race here when their requests are about the same object, or when one of them is not about a single one.
 */
import type { Prng } from '../prng.ts';
import type { Candidate, Strategy, StrategyFactory } from './strategy.ts';

class Pos implements Strategy {
  readonly #prng: Prng;
  /** Of the next step of each request inside, by its number; drawn when it is first looked at. */
  readonly #priority = new Map<number, number>();

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(ready: readonly Candidate[]): number {
    let best = 0;
    let highest = -1;
    for (let i = 0; i < ready.length; i++) {
      const priority = this.#priorityOf(ready[i] as Candidate);
      if (priority > highest) [best, highest] = [i, priority];
    }
    const picked = ready[best] as Candidate;
    for (const each of ready) if (races(each, picked)) this.#priority.delete(each.number);
    return best;
  }

  done({ number }: Candidate): void {
    this.#priority.delete(number);
  }

  #priorityOf({ number }: Candidate): number {
    const known = this.#priority.get(number);
    if (known !== undefined) return known;
    const drawn = this.#prng.float();
    this.#priority.set(number, drawn);
    return drawn;
  }
}

/** True for a request and itself, too: its next step is another one. */
function races(a: Candidate, b: Candidate): boolean {
  return a === b || a.object === b.object || a.object === null || b.object === null;
}

export const pos: StrategyFactory = {
  name: 'pos',
  create: (prng) => new Pos(prng),
};
