/** How wrong a service's clock has been, and when: what it may have taken for the time. */
import type { When } from '../checkers/model.ts';

/** Changes that are kept one by one. */
const KEPT = 64;

interface Skew {
  readonly fromMs: number;
  readonly skewMs: number;
}

export class ClockSkews {
  /** Oldest first; what was before them was no lower than `#least`. */
  #changes: Skew[] = [{ fromMs: Number.NEGATIVE_INFINITY, skewMs: 0 }];
  #least = 0;
  /** The highest that was ever read while it was more than it is now. */
  #highest = Number.NEGATIVE_INFINITY;

  get skewMs(): number {
    return (this.#changes.at(-1) as Skew).skewMs;
  }

  /** From `nowMs` on the clock is wrong by so much; `nowMs` never goes back. */
  change(nowMs: number, skewMs: number): void {
    if (skewMs === this.skewMs) return;
    this.#highest = Math.max(this.#highest, nowMs + this.skewMs);
    this.#changes.push({ fromMs: nowMs, skewMs });
    if (this.#changes.length <= KEPT) return;
    this.#least = Math.min(this.#least, (this.#changes.shift() as Skew).skewMs);
  }

  /**
   * All that it, or a clock that is right, can have shown between two instants. What happened by itself before can have
   * gone by a later time than it is now, which is known to this day.
   */
  readings(fromMs: number, toMs: number): When {
    let least = 0;
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const { fromMs: since, skewMs } = this.#changes[i] as Skew;
      if (since <= toMs) least = Math.min(least, skewMs);
      if (since <= fromMs) break;
      if (i === 0) least = Math.min(least, this.#least);
    }
    const ahead = Math.max(0, this.skewMs);
    return { from: fromMs + least, to: Math.max(toMs + ahead, this.#highest) };
  }
}
