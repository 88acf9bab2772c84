/** Measures how many events a second a run produces, over the last second or so. */
import { performance } from 'node:perf_hooks';

const WINDOW_MS = 1_000;

export class RateMeter {
  #now: () => number;
  #windowStart: number;
  #counted = 0;
  #rate: number | null = null;

  /** `now` gives milliseconds that never go back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#windowStart = now();
  }

  count(): void {
    this.#counted += 1;
  }

  /** Events a second: of the last full window, or of the first one so far. */
  perSecond(): number {
    const elapsedMs = this.#now() - this.#windowStart;
    if (elapsedMs >= WINDOW_MS) {
      this.#rate = this.#counted / (elapsedMs / 1_000);
      this.#windowStart += elapsedMs;
      this.#counted = 0;
    }
    if (this.#rate !== null) return round(this.#rate);
    return elapsedMs > 0 ? round(this.#counted / (elapsedMs / 1_000)) : 0;
  }
}

function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
