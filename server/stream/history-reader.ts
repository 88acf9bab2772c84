/** The stored history of runs for the streams, read once for all who stand at the same place. */
import { type Cursor, formatCursor } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { readEventPage, type StoredEvent } from '../db/events.ts';
import { readLive, type StoredLive } from '../db/live.ts';
import { readNewestSnapshot, readSnapshots } from '../db/snapshots.ts';
import { type EventBytes, toEventBytes } from '../ingest/event-block.ts';
import type { Chunk } from './chunk.ts';
import { mergeFrames } from './frames.ts';
import { toBlocks } from './ring.ts';

const PAGE_EVENTS = 500;
const KEPT_BYTES = 8 * 1024 * 1024;

export interface HistoryPage {
  /** Whole frames, several a chunk. Shared by subscribers: never changed. */
  chunks: readonly Chunk[];
  cursor: Cursor;
}

/** What follows a place, as it is stored. */
export interface StoredPart {
  events: EventBytes;
  snapshots: StoredEvent[];
  /** True when nothing more was stored at the time of reading. */
  drained: boolean;
}

/** One for each server. What is stored never changes, so a page that was read stays right. */
export class HistoryReader {
  readonly #sql: Sql;
  readonly #reading = new Map<string, Promise<HistoryPage>>();
  /** Oldest first: a Map keeps the order of insertion. */
  readonly #kept = new Map<string, HistoryPage>();
  #keptBytes = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** What follows `cursor`, a page of it at most; without chunks when that is nothing. */
  async read(runId: string, cursor: Cursor): Promise<HistoryPage> {
    const place = `${runId} ${formatCursor(cursor)}`;
    const known = this.#kept.get(place) ?? this.#reading.get(place);
    if (known) return known;
    const reading = this.#load(runId, cursor).finally(() => this.#reading.delete(place));
    this.#reading.set(place, reading);
    const page = await reading;
    this.#keep(place, page);
    return page;
  }

  live(runId: string): Promise<StoredLive | null> {
    return readLive(this.#sql, runId);
  }

  /** What follows `from`, newly read. */
  async page(runId: string, from: Cursor): Promise<StoredPart> {
    const { events, drained } = await readEventPage(this.#sql, runId, from.index + 1, PAGE_EVENTS);
    const last = events.at(-1)?.index ?? from.index;
    // Read after the events: a snapshot is stored with its event or with the one after, never later.
    const snapshots = await readSnapshots(this.#sql, runId, Math.max(from.index, 0), PAGE_EVENTS + 1, last);
    return { events: toEventBytes(events), snapshots, drained };
  }

  /** The last `count` events up to `newest`, and the newest snapshot until there. */
  async newest(
    runId: string,
    newest: number,
    count: number,
  ): Promise<{ events: StoredEvent[]; snapshot: StoredEvent | null }> {
    if (newest < 0) return { events: [], snapshot: null };
    const from = Math.max(0, newest - count + 1);
    const { events } = await readEventPage(this.#sql, runId, from, newest - from + 1);
    return { events, snapshot: await readNewestSnapshot(this.#sql, runId, newest) };
  }

  async #load(runId: string, from: Cursor): Promise<HistoryPage> {
    const { events, snapshots } = await this.page(runId, from);
    const { frames, cursor } = mergeFrames(from, [events], snapshots);
    return { chunks: toBlocks(frames), cursor };
  }

  #keep(place: string, page: HistoryPage): void {
    // An empty page is right only for a moment. Any other stays right as far as it goes: the cursor
    // after it says where to read on, also when its last event's snapshot was not stored yet.
    if (page.chunks.length === 0 || this.#kept.has(place)) return;
    this.#kept.set(place, page);
    this.#keptBytes += bytesOf(page);
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= bytesOf(old);
    }
  }
}

function bytesOf(page: HistoryPage): number {
  return page.chunks.reduce((sum, { chunked }) => sum + chunked.length, 0);
}
