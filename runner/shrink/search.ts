/** The search for a smaller part of a run that fails the same way, from one failing part to the next. */
import type { ShrinkProgress } from '../../server/contract/index.ts';
import type { Candidate, Trial, Trials } from './trials.ts';

export interface SearchOptions {
  trials: Trials;
  /** How many timings are tried for a part, when the first does not fail; more for small parts. */
  patience: number;
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

  get patience(): number {
    return this.#options.patience;
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
    const tries = Math.ceil(this.#options.patience * (patient ? 1 : worth(operations.length)));
    for (const timing of timings(candidate, operations.length, tries)) {
      if (await this.#try({ ...candidate, operations, ...timing })) return true;
    }
    return false;
  }

  async #try(candidate: Candidate): Promise<boolean> {
    const { trials } = this.#options;
    if (trials.spent || trials.knownNotToFail(candidate)) return false;
    const trial = await trials.run(candidate);
    this.#report();
    if (trial.fails !== 'same') return false;
    this.#best = trial;
    return true;
  }

  #report(): void {
    const { trials, onProgress } = this.#options;
    const operations = this.#best.candidate.operations.length;
    onProgress({ executions: trials.executions, operations, stage: this.#stage });
  }
}

type Timing = Pick<Candidate, 'variant' | 'concurrency' | 'schedule'>;

/** A large part has many chances to fail in one timing, and takes long. */
function worth(size: number): number {
  return size <= 6 ? 1 : size <= 12 ? 0.5 : size <= 40 ? 0.15 : 0.05;
}

/** The timing at hand first, then the seed's own, then others; the same ones for the same part. */
function* timings(from: Candidate, size: number, tries: number): Generator<Timing> {
  const { variant, concurrency, schedule } = from;
  yield { variant, concurrency, schedule };
  // In a small part, how many citizens are at work at once matters as much as when they begin.
  const lanes = size > 12 ? [concurrency] : [...new Set([concurrency, 2, 3, 1, Math.max(1, size)])];
  for (let i = 0; i < tries; i++) {
    const other = { variant: i, concurrency: lanes[i % lanes.length] as number, schedule: null };
    yield other;
  }
}
