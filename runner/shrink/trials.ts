/** Executes parts of a run for real, within a budget, and tells whether they fail the same way as the whole did. */
import {
  type RunConfig,
  type Signature,
  type Smallest,
  signatureOf,
  timesText,
} from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute.ts';
import { ExecutionLimitError, standardLimit } from '../harness/execution-watch.ts';
import { compareFailure, type Fails, FailureTally } from '../harness/failure-tally.ts';
import { emptyTrace } from '../harness/trace.ts';
import { type Candidate, configOf, keyOf, type Subject, wholeOf } from './candidate.ts';
import type { Execution, Executor } from './executor.ts';

export interface Trial extends Execution {
  candidate: Candidate;
  /** `same`: as the whole run did. `otherwise`: it broke something else. */
  fails: Fails;
}

export interface Budget {
  maxExecutions: number;
  maxSeconds: number;
  /** Ends the search with what it has. */
  signal: StopSignal;
}

/** A part takes at most as long as the whole, so many times over, or it hangs. */
const PART = { leastSeconds: 20, times: 5 } as const;
/** What is found when the time is up is confirmed in so much more of it; after a stop in the least. */
const OVERTIME = { share: 0.1, leastSeconds: 3, mostSeconds: 30 } as const;
/**
 * Where the world decides the interleaving, the whole run is executed so often until it fails again; a part, when it
 * is small or larger, until it is taken not to fail; and one that lacks a single operation until that is said of it.
 */
const TRIES = { whole: 5, small: 6, large: 3, minimal: 8 } as const;
const SMALL = 40;

export class Trials {
  readonly #subject: Subject;
  readonly #executor: Executor;
  readonly #budget: Budget;
  readonly #known = new Map<string, Fails>();
  readonly #startedMs = performance.now();
  #stoppedSeconds = Number.POSITIVE_INFINITY;
  #signature: Signature | null;
  #executions = 0;
  #wholeSeconds = Number.POSITIVE_INFINITY;

  constructor(subject: Subject, executor: Executor, budget: Budget) {
    this.#subject = subject;
    this.#executor = executor;
    this.#budget = budget;
    this.#signature = subject.signature ?? null;
    budget.signal.onRequest(() => {
      this.#stoppedSeconds = this.seconds;
    });
  }

  get executions(): number {
    return this.#executions;
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1_000;
  }

  /** True once nothing more may be executed: what is known by then is the result. */
  get spent(): boolean {
    const { signal, maxExecutions, maxSeconds } = this.#budget;
    return signal.requested || this.#executions >= maxExecutions || this.seconds >= maxSeconds;
  }

  /** True once not even what was found may be confirmed any more. */
  get over(): boolean {
    return this.#secondsLeft <= 0;
  }

  /**
   * Executes the run as it is until it fails as it was recorded, or else as it does at first: that is what candidates
   * are held against. The trial, or why there is none.
   * @throws ExecutionLimitError when it hangs, or does not end within the budget.
   */
  async whole(): Promise<Trial | string> {
    // A pace is for watching.
    const config = { ...this.#subject.config, rate: null };
    const candidate = wholeOf(config);
    const tries = this.#tries(TRIES.whole);
    let tally: FailureTally | null = this.#signature && new FailureTally(this.#signature);
    for (let i = 0; i < tries && (i === 0 || !this.spent); i++) {
      const before = this.seconds;
      const execution = await this.#execute(config, standardLimit(config), false);
      this.#wholeSeconds = this.seconds - before;
      const failed = execution.forensic && signatureOf(execution.forensic);
      this.#signature ??= failed;
      tally ??= this.#signature && new FailureTally(this.#signature);
      if (tally?.count(failed) === 'same') return { ...execution, candidate, fails: 'same' };
    }
    const way = tally?.otherwise ? ' the same way' : '';
    const again = this.#executions === 1 ? 'again' : `again, ${timesText(this.#executions)}`;
    return `seed ${this.#subject.seed} does not fail${way} when it is executed ${again}${tally?.otherwiseText ?? ''}`;
  }

  /** True when the candidate was executed before and did not fail the same way. */
  knownNotToFail(candidate: Candidate): boolean {
    const fails = this.#known.get(keyOf(candidate));
    return fails !== undefined && fails !== 'same';
  }

  /** Executes a candidate until it fails the same way, or is taken not to. One that hangs is taken not to fail. */
  async run(candidate: Candidate): Promise<Trial> {
    const tries = this.#tries(candidate.operations.length <= SMALL ? TRIES.small : TRIES.large);
    let trial = await this.#part(candidate, false);
    for (let i = 1; i < tries && trial.fails !== 'same' && !this.spent; i++) {
      trial = await this.#part(candidate, false);
    }
    this.#known.set(keyOf(candidate), trial.fails);
    return trial;
  }

  /** How a candidate fails that is to show what is needed; what was not executed often enough may fail. */
  async failsStill(candidate: Candidate): Promise<Fails> {
    let fails: Fails = 'no';
    for (let i = 0; i < this.#tries(TRIES.minimal); i++) {
      if (this.#executor.isRepeatable ? this.over : this.spent) return 'same';
      const trial = await this.#part(candidate, false);
      if (trial.fails === 'same') return 'same';
      if (trial.fails === 'otherwise') fails = 'otherwise';
    }
    return fails;
  }

  /** Executes a candidate as whoever reproduces it does, so often as the time allows. */
  async reproduce(candidate: Candidate, times: number): Promise<Smallest['reproduced']> {
    if (!this.#signature) throw new Error('The run has not failed.');
    const tally = new FailureTally(this.#signature);
    while (tally.executions < times && !this.over) {
      const { forensic } = await this.#part(candidate, true);
      // One that was broken off says nothing.
      if (!forensic && this.over) break;
      tally.count(forensic && signatureOf(forensic));
    }
    const { same, executions, otherwise } = tally;
    return { times: same, of: executions, ...(otherwise ? { otherwise } : {}) };
  }

  get #secondsLeft(): number {
    const { maxSeconds } = this.#budget;
    const overtime = Math.min(
      OVERTIME.mostSeconds,
      Math.max(OVERTIME.leastSeconds, maxSeconds * OVERTIME.share),
    );
    return Math.min(maxSeconds + overtime, this.#stoppedSeconds + OVERTIME.leastSeconds) - this.seconds;
  }

  #tries(most: number): number {
    return this.#executor.isRepeatable ? 1 : most;
  }

  async #part(candidate: Candidate, isApart: boolean): Promise<Trial> {
    const seconds = Math.max(PART.leastSeconds, PART.times * this.#wholeSeconds);
    try {
      const config = configOf(this.#subject.config, candidate, this.#signature);
      const execution = await this.#execute(config, seconds, isApart);
      const failed = execution.forensic && signatureOf(execution.forensic);
      const fails = this.#signature ? compareFailure(this.#signature, failed) : 'no';
      return { ...execution, candidate, fails };
    } catch (error) {
      if (!(error instanceof ExecutionLimitError)) throw error;
      return { candidate, fails: 'no', forensic: null, events: [], trace: emptyTrace() };
    }
  }

  async #execute(config: RunConfig, mostSeconds: number, isApart: boolean): Promise<Execution> {
    this.#executions++;
    const seconds = Math.min(mostSeconds, Math.max(this.#secondsLeft, 0));
    return await this.#executor.execute(config, seconds, isApart);
  }
}
