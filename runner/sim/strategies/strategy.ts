/** What picks the request that takes the next step. */
import type { Prng } from '../prng.ts';

/** A request that can take a step, as far as a strategy may know it. */
export interface Candidate {
  /** Ascending in the order in which requests reached the target. */
  readonly number: number;
  /** The object that it is about; null: several or none. */
  readonly object: string | null;
  readonly call: { readonly operation: string };
  /** Steps it has taken. */
  readonly steps: number;
}

export interface Strategy {
  /** The position of the one to go; `ready` is never empty. */
  pick(ready: readonly Candidate[]): number;
  /** A request has reached the target; left out: nothing hangs on that. */
  arrived?(candidate: Candidate): void;
  /** True while it is better that time passes than that any request takes a step; left out: never. */
  awaitsArrival?(): boolean;
  /** A request has left the target. */
  done(candidate: Candidate): void;
}

/** What it does is said in the contract's list of names. */
export interface StrategyFactory {
  readonly name: string;
  create(prng: Prng): Strategy;
}
