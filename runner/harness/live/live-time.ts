/** The time of a live run: that of this machine, and what the service may take for it by a clock of its own. */
import type { When } from '../../checkers/model.ts';
import type { ServiceTime } from '../../checkers/service-time.ts';
import { steadyWallClock } from '../wall-clock.ts';

/** A `Date` of an answer has no fraction of a second. */
const SECOND_MS = 1_000;
/** It may have been composed so much earlier than it was due, in ms. */
const DATE_LAG_MS = 50;
/** Each process rounds what it reads in its own way, and a clock that is put right slowly moves during a run, in ms. */
const TOLERANCE_MS = 20;

export class LiveTime implements ServiceTime {
  readonly #now = steadyWallClock();
  /** By how much the service's clock is ahead, in ms: at least, and at most. */
  #ahead = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };

  /** In whole ms since 1970. */
  databaseMs(): number {
    return this.#now().getTime();
  }

  /** What the service's clock and this machine's may have shown. */
  readings(fromMs: number, toMs: number): When {
    const { least, most } = this.aheadMs;
    return { from: fromMs + Math.min(0, least) - TOLERANCE_MS, to: toMs + Math.max(0, most) + TOLERANCE_MS };
  }

  /** By how much the service's clock is ahead of this machine's, as far as that was measured; 0 where it was not. */
  get aheadMs(): { readonly least: number; readonly most: number } {
    return Number.isFinite(this.#ahead.least) ? this.#ahead : { least: 0, most: 0 };
  }

  /** An answer bore this `Date`; `sentMs` and `receivedMs` say when, as `databaseMs` does. */
  learn(date: string | readonly string[] | undefined, sentMs: number, receivedMs: number): void {
    const said = Date.parse(String(date));
    if (Number.isNaN(said)) return;
    const least = Math.max(this.#ahead.least, said - receivedMs);
    const most = Math.min(this.#ahead.most, said + SECOND_MS + DATE_LAG_MS - sentMs);
    this.#ahead = { least: Math.min(least, most), most: Math.max(least, most) };
  }
}
