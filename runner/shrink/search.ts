/** The search for a smaller part of a run that fails the same way, from one failing part to the next. */
import type { ShrinkProgress } from '../../server/contract/index.ts';
import type { Candidate } from './candidate.ts';
import type { Executor } from './executor.ts';
import type { Trial, Trials } from './trials.ts';

export interface SearchOptions {
  executor: Executor;
  trials: Trials;
  onProgress: (progress: ShrinkProgress) => void;
}

export class Search {
  readonly #options: SearchOptions;
  #best: Trial;
  #stage = '';

  /** `first` fails the same way as the whole run. */
  constructor(first: Trial, options: SearchOptions) {
    this.#best = first;
    this.#options = options;
  }

  /** The smallest part found so far. */
  get best(): Trial {
    return this.#best;
  }

  get spent(): boolean {
    return this.#options.trials.spent;
  }

  get executor(): Executor {
    return this.#options.executor;
  }

  /** Names what is tried from now on, for people. */
  stage(name: string): void {
    this.#stage = name;
    this.#report();
  }

  /** True when the best part with this change fails the same way; it is then the best. */
  async accept(change: Partial<Candidate>): Promise<boolean> {
    return await this.#try({ ...this.#best.candidate, ...change });
  }

  /**
   * Likewise for other operations. A race needs its timing, and taking operations away shifts it: so when
   * the timing at hand does not fail, others are tried, as many as the size of the part is worth; all that
   * there is patience for when it is `patient`.
   */
  async acceptOperations(operations: readonly number[], patient = false): Promise<boolean> {
    const { candidate } = this.#best;
    if (operations.length >= candidate.operations.length) return false;
    for (const timing of this.executor.timings(candidate, operations.length, patient)) {
      if (await this.#try({ ...candidate, operations, ...timing })) return true;
    }
    return false;
  }

  /** Likewise for a change that makes nothing smaller, and is worth an execution when the time is up already. */
  async confirm(change: Partial<Candidate>): Promise<boolean> {
    const { trials } = this.#options;
    if (trials.over) return false;
    const trial = await trials.run({ ...this.#best.candidate, ...change });
    if (trial.fails === 'same') this.#best = trial;
    return trial.fails === 'same';
  }

  async #try(candidate: Candidate): Promise<boolean> {
    const { trials } = this.#options;
    if (trials.spent || trials.knownNotToFail(candidate)) return false;
    const trial = await trials.run(candidate);
    this.#report();
    if (trial.fails !== 'same') return false;
    this.#best = this.executor.isRepeatable ? trial : withoutUnbegun(trial);
    return true;
  }

  #report(): void {
    const { trials, onProgress } = this.#options;
    const operations = this.#best.candidate.operations.length;
    onProgress({ executions: trials.executions, operations, stage: this.#stage });
  }
}

/**
 * Without the operations that the trial never came to. Where the seed decides they belong to the timing; where the
 * world does, nothing hangs on them.
 */
function withoutUnbegun(trial: Trial): Trial {
  const begun = new Set(trial.trace.begun.map(({ n }) => n));
  const operations = trial.candidate.operations.filter((n) => begun.has(n));
  return { ...trial, candidate: { ...trial.candidate, operations } };
}
