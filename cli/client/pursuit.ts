/** Whether a reader of a stream will ever be where the run is, by the heartbeats that tell where that is. */
import type { HeartbeatFrame } from '../../server/contract/index.ts';

/** It is behind by what the run makes in so long … */
const BEHIND_SECONDS = 5;
/** … or by what one of so many events a second would. */
const LEAST_PER_SECOND = 20;
/** For so long it has not come nearer. */
const PATIENCE_MS = 5_000;

export class Pursuit {
  /** Where it was nearest since it fell behind. */
  #nearest: { gap: number; atMs: number } | null = null;

  /** True once it is far behind and has not come nearer for 5 s. `nowMs` is of a clock that nobody sets. */
  isHopeless({ eventIndex, eventsPerSecond }: HeartbeatFrame, nextIndex: number, nowMs: number): boolean {
    const gap = eventIndex + 1 - nextIndex;
    if (gap <= BEHIND_SECONDS * Math.max(LEAST_PER_SECOND, eventsPerSecond)) this.#nearest = null;
    else if (this.#nearest === null || gap < this.#nearest.gap) this.#nearest = { gap, atMs: nowMs };
    else return nowMs - this.#nearest.atMs >= PATIENCE_MS;
    return false;
  }
}
