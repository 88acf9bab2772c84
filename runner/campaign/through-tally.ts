/** Gathers what is through for a moment, so that a line tells of many seeds. */
import type { SeedFailure, Through } from '../../server/contract/index.ts';
import type { SeedOutcome } from './seed.ts';

/** How often what is through is told, in ms. */
const TELL_EVERY_MS = 100;

export class ThroughTally {
  readonly #tell: (through: Through) => void;
  readonly #timer: NodeJS.Timeout;
  #seeds: number[] = [];
  #failures: SeedFailure[] = [];
  #operations = 0;
  #proved = 0;
  #identical = 0;
  #reached: Record<string, number> = {};

  constructor(tell: (through: Through) => void) {
    this.#tell = tell;
    this.#timer = setInterval(() => this.flush(), TELL_EVERY_MS);
  }

  add(seed: number, { failure, operations, isIdentical, sometimes }: SeedOutcome): void {
    this.#seeds.push(seed);
    this.#operations += operations;
    if (failure) this.#failures.push(failure);
    if (isIdentical !== undefined) this.#proved++;
    if (isIdentical) this.#identical++;
    for (const [name, times] of Object.entries(sometimes)) {
      this.#reached[name] = (this.#reached[name] ?? 0) + (times > 0 ? 1 : 0);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }

  flush(): void {
    if (this.#seeds.length === 0) return;
    const proof = this.#proved > 0 ? { proved: this.#proved, identical: this.#identical } : {};
    const through = { seeds: this.#seeds, failures: this.#failures, operations: this.#operations };
    this.#tell({ ...through, ...proof, reached: this.#reached });
    this.#seeds = [];
    this.#failures = [];
    this.#operations = 0;
    this.#proved = 0;
    this.#identical = 0;
    this.#reached = {};
  }
}
