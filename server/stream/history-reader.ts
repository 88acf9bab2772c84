/** The stored history of runs for the streams, read once for all who stand at the same place. */
import { type Cursor, formatCursor } from '../contract/index.ts';
import { withinTime } from '../contract/within-time.ts';
import type { Sql } from '../db/client.ts';
import { type Epoch, leadsTo, type Stored } from '../db/epochs.ts';
import { readEventPage, type StoredEvent } from '../db/events.ts';
import { readLive, type StoredLive } from '../db/live.ts';
import { readNewestSnapshot, readSnapshots } from '../db/snapshots.ts';
import { type EventBytes, toEventBytes } from '../ingest/event-block.ts';
import { mergeFrames } from './frames.ts';
import { type Block, toBlocks } from './ring.ts';

const PAGE_EVENTS = 500;
/** A query on a connection that died unnoticed is not answered: whoever waited asks again, by another. */
const READ_WITHIN_MS = 10_000;
const KEPT_BYTES = 8 * 1024 * 1024;

export interface HistoryPage {
  /** Whole frames, several a chunk. Shared by subscribers: never changed. */
  chunks: readonly Block[];
  /** The place after the last of them. */
  cursor: Cursor;
  epochs: readonly Epoch[];
}

/** What follows a place, as it is stored. */
export interface StoredPart {
  events: EventBytes;
  snapshots: StoredEvent[];
  /** Of all that is here. */
  epochs: readonly Epoch[];
  /** True when nothing more was stored at the time of reading. */
  drained: boolean;
}

/** One for each server. What is stored never changes, so a page that was read stays right, as long as its end is stored. */
export class HistoryReader {
  readonly #sql: Sql;
  readonly #reading = new Map<string, Promise<HistoryPage | null>>();
  /** Oldest first: a Map keeps the order of insertion. */
  readonly #kept = new Map<string, HistoryPage>();
  #keptBytes = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * What follows `cursor`, a page of it at most; without chunks when that is nothing. Null: `cursor` is not in the
   * history any more. `stored` is what is known of it.
   */
  async read(runId: string, cursor: Cursor, stored: Stored): Promise<HistoryPage | null> {
    const place = `${runId} ${formatCursor(cursor)}`;
    const kept = this.#kept.get(place);
    if (kept && leadsTo(stored, kept.cursor)) return kept;
    const known = this.#reading.get(place);
    if (known) return known;
    const reading = this.#load(runId, cursor).finally(() => this.#reading.delete(place));
    this.#reading.set(place, reading);
    const page = await reading;
    if (page !== null) this.#keep(place, page);
    return page;
  }

  live(runId: string): Promise<StoredLive | null> {
    return withinTime(readLive(this.#sql, runId), READ_WITHIN_MS);
  }

  /** What follows `from`, newly read; null: `from` is not in the history any more. */
  page(runId: string, from: Cursor): Promise<StoredPart | null> {
    return withinTime(this.#page(runId, from), READ_WITHIN_MS);
  }

  async #page(runId: string, from: Cursor): Promise<StoredPart | null> {
    const { events, epochs, drained } = await readEventPage(this.#sql, runId, from.index + 1, PAGE_EVENTS);
    const last = events.at(-1)?.index ?? from.index;
    if (events.length > 0 && !leadsTo({ eventIndex: last, epochs }, from)) return null;
    // Read after the events: a snapshot is stored with its event or with the one after, never later.
    const snapshots = await readSnapshots(this.#sql, runId, Math.max(from.index, 0), PAGE_EVENTS + 1, last);
    const known = from.epoch ? [{ first: from.index, epoch: from.epoch }] : [];
    return {
      events: toEventBytes(events),
      snapshots,
      epochs: events.length > 0 ? epochs : known,
      drained,
    };
  }

  /** The last `count` events up to `newest`, and the newest snapshot until there. */
  newest(
    runId: string,
    newest: number,
    count: number,
  ): Promise<{ events: StoredEvent[]; snapshot: StoredEvent | null }> {
    return withinTime(this.#newest(runId, newest, count), READ_WITHIN_MS);
  }

  async #newest(
    runId: string,
    newest: number,
    count: number,
  ): Promise<{ events: StoredEvent[]; snapshot: StoredEvent | null }> {
    if (newest < 0) return { events: [], snapshot: null };
    const from = Math.max(0, newest - count + 1);
    const { events } = await readEventPage(this.#sql, runId, from, newest - from + 1);
    return { events, snapshot: await readNewestSnapshot(this.#sql, runId, newest) };
  }

  async #load(runId: string, from: Cursor): Promise<HistoryPage | null> {
    const page = await this.page(runId, from);
    if (page === null) return null;
    const { frames, cursor } = mergeFrames(from, [page.events], page.snapshots, page.epochs);
    return { chunks: toBlocks(frames), cursor, epochs: page.epochs };
  }

  #keep(place: string, page: HistoryPage): void {
    // An empty page is right only for a moment. Any other stays right as far as it goes: the cursor
    // after it says where to read on, also when its last event's snapshot was not stored yet.
    if (page.chunks.length === 0) return;
    const before = this.#kept.get(place);
    this.#kept.delete(place);
    this.#kept.set(place, page);
    this.#keptBytes += bytesOf(page) - (before ? bytesOf(before) : 0);
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
