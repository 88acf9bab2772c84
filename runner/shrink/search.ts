/** The search for a smaller part of a run that fails the same way, from one failing part to the next. */
import type { ShrinkProgress } from '../../server/contract/index.ts';
import type { Candidate, Timing } from './candidate.ts';
import type { Executor } from './executor.ts';
import { brokenBy } from './nearness.ts';
import { orderOf } from './step-order.ts';
import type { Trial, Trials } from './trials.ts';

export interface SearchOptions {
  executor: Executor;
  trials: Trials;
  onProgress: (progress: ShrinkProgress) => void;
}

/** How many timings are tried: the one at hand, also one after another, as many as the size is worth, or all that there are. */
export type Patience = 'least' | 'few' | 'worth' | 'most';

/** So many operations that show another failure first are left out of a part, one after the other. */
const MOST_UNMASKED = 12;
/** Of so few none is left out for that. */
const FEW = 8;

/** Parts of so many operations in all are executed where it is not known what comes of it. */
const WORTH_EXECUTING = 2_400;

/** How often a part of so many operations is tried, of at most `most` times: large ones take long. */
export function triesOf(size: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(WORTH_EXECUTING / size)));
}

export class Search {
  readonly #options: SearchOptions;
  #best: Trial;
  #stage = '';
  /** What showed that the last trial failed otherwise; null: it did not, or that is not known. */
  #failedOtherwise: number | null = null;

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
    return await this.#unmasked({ ...this.#best.candidate, ...change });
  }

  /**
   * Likewise for other operations. A race needs its timing, and taking operations away shifts it: so when
   * the timing at hand does not fail, others are tried, as many as the size of the part is worth; all that
   * there is patience for when it is `patient`.
   */
  async acceptOperations(operations: readonly number[], patience: Patience = 'worth'): Promise<boolean> {
    const { candidate } = this.#best;
    if (operations.length >= candidate.operations.length) return false;
    for (const timing of this.#timings(operations.length, patience)) {
      if (await this.#unmasked({ ...candidate, ...timing, operations })) return true;
    }
    return false;
  }

  /** Likewise, and while it fails otherwise, without the operation whose answer showed that. */
  async #unmasked(candidate: Candidate): Promise<boolean> {
    let without = candidate;
    const most = triesOf(candidate.operations.length, MOST_UNMASKED);
    for (let i = 0; i <= most; i++) {
      if (await this.#try(without)) return true;
      const masking = this.#failedOtherwise;
      if (masking === null || without.operations.length <= FEW) return false;
      without = { ...without, operations: without.operations.filter((n) => n !== masking) };
    }
    return false;
  }

  /** An order by request holds where an operation is gone, and positions do not. */
  *#timings(size: number, patience: Patience): Generator<Timing> {
    const { candidate, trace } = this.#best;
    if (this.executor.isRepeatable && candidate.order === null)
      yield { ...candidate, schedule: null, order: orderOf(trace.steps) };
    if (patience === 'least' || patience === 'few') yield candidate;
    if (patience === 'few') yield { ...candidate, concurrency: 1, schedule: null, order: null };
    if (patience === 'worth' || patience === 'most')
      yield* this.executor.timings(candidate, size, patience === 'most');
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
    this.#failedOtherwise = null;
    if (trials.spent || trials.knownNotToFail(candidate)) return false;
    const trial = await trials.run(candidate);
    this.#report();
    if (trial.fails === 'otherwise') this.#failedOtherwise = brokenBy(trial);
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
