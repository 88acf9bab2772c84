/** How long answers take while something else happens. */

/** Asks again and again, `everyMs` apart, until it is told to stop; answers how long each took, in ms, shortest first. */
export class Pace {
  readonly #done: Promise<void>;
  readonly #times: number[] = [];
  #stopped = false;

  constructor(everyMs: number, ask: () => Promise<unknown>) {
    this.#done = this.#run(everyMs, ask);
    // It is awaited at the stop.
    this.#done.catch(() => undefined);
  }

  async stop(): Promise<number[]> {
    this.#stopped = true;
    await this.#done;
    return this.#times.sort((a, b) => a - b);
  }

  async #run(everyMs: number, ask: () => Promise<unknown>): Promise<void> {
    while (!this.#stopped) {
      const begun = performance.now();
      await ask();
      this.#times.push(performance.now() - begun);
      // The pace of the load, and no wait for something.
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}

/** Of sorted numbers, the one below which `share` of them are. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
