/** Pages of a run's history as bytes of the stream, read once for all who stand at the same place. */
import { type Cursor, formatCursor } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { readEventPage } from '../db/events.ts';
import { type LiveState, readLive } from '../db/live.ts';
import { readNewestSnapshot, readSnapshots } from '../db/snapshots.ts';
import { conflate, LIVE_EVENTS } from './conflate.ts';
import { mergeFrames } from './frames.ts';

const PAGE_EVENTS = 500;
const CHUNK_CHARACTERS = 32 * 1024;
const KEPT_BYTES = 8 * 1024 * 1024;
const LIVE_FRESH_MS = 100;

export interface HistoryPage {
  /** Whole frames, several a chunk. Shared by subscribers: never changed. */
  chunks: readonly Buffer[];
  cursor: Cursor;
  /** True when nothing more was stored at the time of reading. */
  drained: boolean;
}

/** One for each server. What is stored never changes, so a page that was read stays right. */
export class History {
  readonly #sql: Sql;
  readonly #reading = new Map<string, Promise<HistoryPage>>();
  /** Oldest first: a Map keeps the order of insertion. */
  readonly #kept = new Map<string, HistoryPage>();
  readonly #lives = new Map<string, { at: number; live: Promise<LiveState | null> }>();
  #keptBytes = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** What follows `cursor`. `version` is the subscription's: a read that began before it is not shared. */
  async read(runId: string, cursor: Cursor, version: number): Promise<HistoryPage> {
    const place = `${runId} ${formatCursor(cursor)}`;
    const kept = this.#kept.get(place);
    // It may have been the last then; only a read tells whether it still is.
    if (kept) return { ...kept, drained: false };
    const key = `${place} ${version}`;
    const shared = this.#reading.get(key);
    if (shared) return shared;
    const reading = this.#load(runId, cursor).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    const page = await reading;
    this.#keep(place, page);
    return page;
  }

  /** The live state, at most 100 ms old, and not older than `version`. */
  live(runId: string, version: number): Promise<LiveState | null> {
    const key = `${runId} ${version}`;
    const now = performance.now();
    const known = this.#lives.get(key);
    if (known && now - known.at < LIVE_FRESH_MS) return known.live;
    for (const [old, { at }] of this.#lives) {
      if (now - at < LIVE_FRESH_MS) break;
      this.#lives.delete(old);
    }
    const live = readLive(this.#sql, runId);
    this.#lives.delete(key);
    this.#lives.set(key, { at: now, live });
    // A failure is for those who asked, not for those who ask next.
    live.catch(() => this.#lives.delete(key));
    return live;
  }

  /** The newest of what follows `cursor`, up to event `newest`, for `mode=live`. */
  async newest(runId: string, cursor: Cursor, newest: number): Promise<HistoryPage> {
    const from = Math.max(cursor.index, newest - LIVE_EVENTS) + 1;
    const { events } = await readEventPage(this.#sql, runId, from, newest - from + 1);
    const snapshot = await readNewestSnapshot(this.#sql, runId, newest);
    const { frames, cursor: after } = conflate(cursor, events, snapshot);
    return { chunks: join(frames), cursor: after, drained: after.index >= newest };
  }

  async #load(runId: string, from: Cursor): Promise<HistoryPage> {
    const page = await readEventPage(this.#sql, runId, from.index + 1, PAGE_EVENTS);
    const last = page.events.at(-1)?.index ?? from.index;
    // Read after the events: a snapshot is stored with its event or with the one after, never later.
    const snapshots = await readSnapshots(this.#sql, runId, Math.max(from.index, 0), PAGE_EVENTS + 1, last);
    const { frames, cursor } = mergeFrames(from, page.events, snapshots);
    return { chunks: join(frames), cursor, drained: page.drained };
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
  return page.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
}

function join(frames: string[]): Buffer[] {
  const chunks: Buffer[] = [];
  let text = '';
  for (const frame of frames) {
    text += frame;
    if (text.length < CHUNK_CHARACTERS) continue;
    chunks.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') chunks.push(Buffer.from(text));
  return chunks;
}
