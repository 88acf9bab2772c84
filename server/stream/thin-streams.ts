/** The readers of a run with mode=live: each gets the newest since its last flush, a few times a second. */
import type { Cursor } from '../contract/index.ts';
import type { Epoch } from '../db/epochs.ts';
import type { StoredEvent } from '../db/events.ts';
import { type EventBytes, lastEvents } from '../ingest/event-block.ts';
import { type Chunk, toChunk } from './chunk.ts';
import { conflate, THIN_EVENTS, THIN_FLUSH_MS } from './conflate.ts';
import { placeOf } from './ring.ts';
import type { Subscriber } from './subscriber.ts';

export class ThinStreams {
  readonly #subscribers = new Set<Subscriber>();
  #newest: StoredEvent[] = [];
  #snapshot: StoredEvent | null = null;
  #epochs: readonly Epoch[] = [];
  #flushedAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  has(subscriber: Subscriber): boolean {
    return this.#subscribers.has(subscriber);
  }

  /** The first flush is at once. */
  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#flush();
  }

  delete(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** What there is before anything comes: the last events, in order, and the newest snapshot. */
  begin(newest: readonly StoredEvent[], snapshot: StoredEvent | null, epochs: readonly Epoch[]): void {
    this.#newest = newest.slice(-THIN_EVENTS);
    this.#snapshot = snapshot;
    this.#epochs = epochs;
  }

  take(events: readonly EventBytes[], snapshots: readonly StoredEvent[], epochs: readonly Epoch[]): void {
    for (const each of events) this.#newest.push(...lastEvents(each, THIN_EVENTS));
    this.#newest = this.#newest.slice(-THIN_EVENTS);
    this.#snapshot = snapshots.at(-1) ?? this.#snapshot;
    this.#epochs = epochs;
    this.#schedule();
  }

  /** Ends all of them, with the newest before. */
  end(end: Chunk): void {
    this.#flush();
    for (const subscriber of [...this.#subscribers]) {
      this.#subscribers.delete(subscriber);
      subscriber.end(end);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#subscribers.size === 0 || this.#timer || this.#closed) return;
    const waitMs = Math.max(0, this.#flushedAt + THIN_FLUSH_MS - performance.now());
    this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  /** Who still has to read waits for the next. */
  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#flushedAt = performance.now();
    const made = new Map<number, { chunk: Chunk | null; cursor: Cursor }>();
    let left = false;
    for (const subscriber of this.#subscribers) {
      if (subscriber.backlog > 0) {
        left = true;
        continue;
      }
      const place = placeOf(subscriber.cursor);
      let flush = made.get(place);
      if (!flush) {
        const { frames, cursor } = conflate(subscriber.cursor, this.#newest, this.#snapshot, this.#epochs);
        const chunk = frames.length === 0 ? null : toChunk(frames.join(''), frames.length);
        flush = { chunk, cursor };
        made.set(place, flush);
      }
      if (flush.chunk) subscriber.write(flush.chunk);
      subscriber.cursor = flush.cursor;
    }
    if (left) this.#schedule();
  }
}
