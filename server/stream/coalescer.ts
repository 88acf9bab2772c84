/** What is due to the readers of a stream who are abreast: gathered for a tick, and sent to all of them at once. */
import { lengthOf } from './chunk.ts';
import type { StoredFrame } from './frames.ts';
import { type Block, toBlocks } from './ring.ts';

/** What comes within it goes out in one write; after a pause the first goes out at once. */
const TICK_MS = 10;
/**
 * A tick is so many times as long as its writes took, up to MAX_TICK_MS. A write costs as much as the 36 kB that it
 * may carry, so where many read much, fewer and longer writes reach more; the rest of the time is for what comes in.
 */
const TICK_SHARE = 1.5;
const MAX_TICK_MS = 50;
/** More than that does not wait for the tick. */
const TICK_BYTES = 512 * 1024;

export class Coalescer {
  readonly #send: (blocks: readonly Block[]) => void;
  #frames: StoredFrame[] = [];
  #bytes = 0;
  #tick: NodeJS.Timeout | NodeJS.Immediate | null = null;
  /** When the next tick may be, by the monotonic clock. */
  #nextTickAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @param send gets what is due, in order; never nothing. */
  constructor(send: (blocks: readonly Block[]) => void) {
    this.#send = send;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  add(frames: readonly StoredFrame[]): void {
    for (const frame of frames) {
      this.#frames.push(frame);
      this.#bytes += lengthOf(frame);
    }
    if (this.#bytes >= TICK_BYTES) this.flush();
    else this.#schedule();
  }

  /** Sends what is due now, without waiting for the tick. */
  flush(): void {
    this.#cancel();
    if (this.isEmpty) return;
    const begun = performance.now();
    const blocks = toBlocks(this.#frames);
    this.#frames = [];
    this.#bytes = 0;
    this.#send(blocks);
    const tookMs = performance.now() - begun;
    this.#nextTickAt = begun + Math.min(MAX_TICK_MS, Math.max(TICK_MS, TICK_SHARE * tookMs));
  }

  /** What is due then does not go out any more. */
  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #schedule(): void {
    if (this.#tick || this.#closed) return;
    const waitMs = this.#nextTickAt - performance.now();
    const flush = () => this.flush();
    this.#tick = waitMs <= 0 ? setImmediate(flush) : setTimeout(flush, waitMs);
  }

  #cancel(): void {
    if (!this.#tick) return;
    clearTimeout(this.#tick as NodeJS.Timeout);
    clearImmediate(this.#tick as NodeJS.Immediate);
    this.#tick = null;
  }
}
