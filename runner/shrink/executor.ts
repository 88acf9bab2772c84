/** What the search executes candidates with: where the seed decides the interleaving, and where the world does. */
import type { Forensic, RunConfig, RunEvent } from '../../server/contract/index.ts';
import type { Trace } from '../harness/trace.ts';
import type { Candidate, Timing } from './candidate.ts';

export interface Execution {
  /** Null: it did not fail. */
  forensic: Forensic | null;
  events: readonly RunEvent[];
  trace: Trace;
}

export interface Executor {
  /** True when the same candidate fails always or never, so that one execution tells. */
  readonly isRepeatable: boolean;
  /** Handfuls of operations that are worth guessing at. */
  readonly guesses: number;
  /**
   * Executes the run with this configuration. `isApart`: as whoever reproduces it does, with nothing kept from
   * executions before.
   * @throws ExecutionLimitError when it hangs, or takes longer than so many seconds.
   */
  execute(config: RunConfig, seconds: number, isApart: boolean): Promise<Execution>;
  /** The timings in which so many operations are tried, the one at hand included; more when it is `patient`. */
  timings(at: Candidate, size: number, patient: boolean): Iterable<Timing>;
  /** Operations with the same number belong together: they begin at one instant. */
  groupOf(n: number): number;
  close(): Promise<void>;
}
