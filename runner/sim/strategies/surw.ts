/**
 * Selectively uniform random walk (Zhao et al. 2025, "Selectively uniform concurrency testing", ASPLOS): of the orders of
 * the steps that matter each is equally likely. Who takes the next of them is drawn by how many each request has left, and
 * until it does no other request takes one; all other steps come as they may.
 *
 * The steps that matter are those about one object, and another one after so many steps. The paper counts the steps
 * of each thread in a run before; here it is what requests for the same operation took until now.
 */
import type { Prng } from '../prng.ts';
import type { Candidate, Strategy, StrategyFactory } from './strategy.ts';
import { drawnByWeight } from './weighted.ts';

/** One in so many steps chooses the object that matters anew. */
const STEPS_PER_OBJECT = 50;
/** Taken for the steps of an operation of which no request is done yet. */
const UNKNOWN_STEPS = 3;

class Surw implements Strategy {
  readonly #prng: Prng;
  /** What requests took that are done, by operation. */
  readonly #taken = new Map<string, { steps: number; requests: number }>();
  #object: string | null = null;
  /** The number of the request that takes the next step that matters; null: not drawn yet. */
  #intended: number | null = null;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(ready: readonly Candidate[]): number {
    if (this.#object === null || this.#prng.below(STEPS_PER_OBJECT) === 0) {
      this.#object = this.#prng.pick(ready).object;
      this.#intended = null;
    }
    const matter = ready.filter((each) => this.#matters(each));
    if (matter.length > 0 && !matter.some(({ number }) => number === this.#intended)) {
      const left = matter.map((each) => this.#leftOf(each));
      this.#intended = (matter[drawnByWeight(this.#prng, left)] as Candidate).number;
    }
    const free = ready.filter((each) => !this.#matters(each) || each.number === this.#intended);
    const picked = this.#prng.pick(free);
    if (picked.number === this.#intended) this.#intended = null;
    return ready.indexOf(picked);
  }

  done({ call, steps }: Candidate): void {
    const taken = this.#taken.get(call.operation) ?? { steps: 0, requests: 0 };
    this.#taken.set(call.operation, { steps: taken.steps + steps, requests: taken.requests + 1 });
  }

  #matters({ object }: Candidate): boolean {
    return object !== null && object === this.#object;
  }

  #leftOf({ call, steps }: Candidate): number {
    const taken = this.#taken.get(call.operation);
    const expected = taken ? taken.steps / taken.requests : UNKNOWN_STEPS;
    return Math.max(expected - steps, 1);
  }
}

export const surw: StrategyFactory = {
  name: 'surw',
  create: (prng) => new Surw(prng),
};
