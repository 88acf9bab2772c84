/**
 * The stream of one run on this server: what is committed comes in once, from memory or from the database,
 * and goes out to every subscriber, to those who read well all at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Cursor, isTerminal } from '../contract/index.ts';
import { type Epoch, epochAt, isSameHistory, leadsTo, type Stored, withEpoch } from '../db/epochs.ts';
import type { StoredEvent } from '../db/events.ts';
import type { StoredLive } from '../db/live.ts';
import { snapshotJsonOf } from '../ingest/batch.ts';
import { type EventBytes, eventsFrom } from '../ingest/event-block.ts';
import type { Addition } from '../ingest/run-group.ts';
import type { Log } from '../process-edge.ts';
import { type Chunk, toChunk } from './chunk.ts';
import { Coalescer } from './coalescer.ts';
import { THIN_EVENTS } from './conflate.ts';
import { endFrame, heartbeatFrame, mergeFrames, resetFrame } from './frames.ts';
import type { HistoryPage, HistoryReader } from './history-reader.ts';
import { type Block, placeOf, Ring } from './ring.ts';
import type { Subscriber } from './subscriber.ts';
import { ThinStreams } from './thin-streams.ts';

/** The safety net for commits of which no notification came. */
const POLL_MS = 500;
const HEARTBEAT_MS = 1_000;
const RETRY_MS = 500;
const START: Cursor = { index: -1, after: 'snapshot' };
/** Commits kept in memory while the database is read for what came before them. */
const HELD_ADDITIONS = 256;

export interface FeedOptions {
  runId: string;
  history: HistoryReader;
  log: Log;
  /** What the ring may hold now. */
  ringBytes(): number;
  /** Called when a subscriber was cut because it took nothing. */
  onCut(): void;
  /** Called when the last subscriber has left. */
  onIdle(): void;
}

/** What is known once the run was looked up. */
interface Known {
  live: StoredLive;
  ring: Ring;
  coalescer: Coalescer;
  /** The place after the newest frame, sent or about to be. */
  head: Cursor;
  /** Of the history up to the head. */
  epochs: readonly Epoch[];
  /** Batches that are in. */
  version: number;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #subscribers = new Set<Subscriber>();
  /** Those who have all that was sent and read well: they get each tick's bytes. */
  readonly #abreast = new Set<Subscriber>();
  readonly #thin = new ThinStreams();
  /** Who came before the run was looked up, and the run as it was read for each. */
  readonly #waiting = new Map<Subscriber, Stored>();
  readonly #timer: NodeJS.Timeout;
  #known: Known | null = null;
  #beatAt = performance.now();
  /** Null: nobody reads the database; else whether it is to be read once more. */
  #reading: { again: boolean } | null = null;
  #held: Addition[] = [];
  #news = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#onTimer(), POLL_MS);
    this.wake();
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** How many read at their own pace, and by how many events the last of them is behind. */
  lag(): { behind: number; events: number } {
    const head = this.#known?.head.index ?? -1;
    let behind = 0;
    let events = 0;
    for (const subscriber of this.#subscribers) {
      if (this.#abreast.has(subscriber) || this.#thin.has(subscriber)) continue;
      behind += 1;
      events = Math.max(events, head - subscriber.cursor.index);
    }
    return { behind, events };
  }

  /** Bytes that wait for the reader for whom most do, beyond what the kernel holds. */
  get backlog(): number {
    let most = 0;
    for (const { backlog } of this.#subscribers) most = Math.max(most, backlog);
    return most;
  }

  /** `live` is the run as it was read for this subscriber. */
  add(subscriber: Subscriber, live: StoredLive): void {
    this.#subscribers.add(subscriber);
    subscriber.onGone(() => this.#leave(subscriber));
    this.#resetUnless(subscriber, live);
    if (this.#known === null) this.#waiting.set(subscriber, live);
    else this.#join(subscriber, this.#known, live);
  }

  /** Something of the run has changed: the database says what. */
  wake(): void {
    if (this.#closed) return;
    if (this.#reading) {
      this.#reading.again = true;
      return;
    }
    this.#reading = { again: false };
    this.#readOn()
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error, runId: this.#options.runId }, 'cannot read on just now');
      })
      .finally(() => {
        const again = this.#reading?.again;
        this.#reading = null;
        if (again) this.wake();
      });
  }

  /** What was committed here: taken from memory when nothing can be missing before it. */
  publish(addition: Addition): void {
    const known = this.#known;
    if (known && known.version >= addition.after) return;
    if (known && follows(known, addition)) {
      this.#takeAddition(known, addition);
      return;
    }
    // Kept until the database has told what is between: else a busy run would never be caught up with.
    if (this.#held.length >= HELD_ADDITIONS) this.#held = [];
    this.#held.push(addition);
    this.wake();
  }

  /** Ends every stream with a hint when to come back, at another time for each. */
  stop(): void {
    for (const subscriber of this.#subscribers) {
      subscriber.end(toChunk(`retry: ${500 + Math.floor(Math.random() * 1_500)}\n\n`, 0));
    }
    this.close();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#thin.close();
    this.#known?.coalescer.close();
    this.#news.resolve();
  }

  #leave(subscriber: Subscriber): void {
    this.#abreast.delete(subscriber);
    this.#thin.delete(subscriber);
    this.#waiting.delete(subscriber);
    if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0 && !this.#closed) {
      this.close();
      this.#options.onIdle();
    }
  }

  #begin(subscriber: Subscriber, known: Known): void {
    this.#beat(subscriber, this.#heartbeat(known));
    if (subscriber.mode === 'live') this.#thin.add(subscriber);
    else {
      this.#catchUp(subscriber, known).catch((error: unknown) => {
        this.#options.log.warn({ err: error, runId: this.#options.runId }, 'a stream was cut');
        subscriber.cut();
      });
    }
  }

  /** Begins with one for whom the run was read as `live`: it may have come with another history than this feed has. */
  #join(subscriber: Subscriber, known: Known, live: Stored): void {
    if (isSameHistory(storedOf(known), live)) this.#begin(subscriber, known);
    else this.#sendBack(subscriber);
  }

  /** Tells a subscriber that has read what is not in the history to start over. */
  #resetUnless(subscriber: Subscriber, stored: Stored): void {
    if (leadsTo(stored, subscriber.cursor)) return;
    subscriber.write(toChunk(resetFrame(this.#options.runId, 'history_lost')));
    subscriber.cursor = START;
  }

  /** One of two histories is over, and the database says which. */
  #sendBack(subscriber: Subscriber): void {
    this.wake();
    subscriber.end(toChunk(`retry: ${RETRY_MS}\n\n`, 0));
  }

  /** The history went on from an older state than was sent: whoever follows begins anew with what is stored. */
  #forget(known: Known): void {
    const { log, runId } = this.#options;
    log.warn(
      { runId, sent: known.head.index },
      'the newest of a history is lost: the database went on without it',
    );
    known.coalescer.close();
    for (const subscriber of this.#abreast) subscriber.cursor = cursorAt(known.ring.last, known.epochs);
    this.#abreast.clear();
    for (const subscriber of this.#subscribers) this.#thin.delete(subscriber);
    this.#held = [];
    this.#known = null;
  }

  /** Reads from the database what is not here yet. One at a time; `wake` sees to that. */
  async #readOn(): Promise<void> {
    const { history, runId } = this.#options;
    const before = this.#known;
    const sent = before?.head ?? START;
    const live = await history.live(runId);
    if (this.#closed) return;
    if (live === null) {
      for (const subscriber of [...this.#subscribers]) subscriber.end(toChunk(resetFrame(runId, 'pruned')));
      return;
    }
    if (before !== null && !leadsTo(live, sent)) this.#forget(before);
    const known = this.#known ?? (await this.#lookUp(live));
    const isNew = this.#known === null;
    known.live = live;
    for (let whole = false; !whole && (isNew || this.#isBehind(known, live)); ) {
      const from = known.head;
      const page = await history.page(runId, from);
      // What came from memory meanwhile has gone ahead of this page.
      if (known.head !== from) continue;
      if (page === null) {
        // It went on from an older state after `live` was read.
        if (this.#reading) this.#reading.again = true;
        return;
      }
      if (page.events.count > 0) known.epochs = page.epochs;
      this.#take(known, [page.events], page.snapshots);
      whole = page.drained;
      if (whole) known.version = Math.max(known.version, live.batches);
    }
    this.#takeHeld(known);
    if (this.#closed) return;
    if (isNew) {
      this.#known = known;
      for (const subscriber of [...this.#subscribers]) {
        const asked = this.#waiting.get(subscriber);
        if (asked !== undefined) {
          this.#join(subscriber, known, asked);
          continue;
        }
        this.#resetUnless(subscriber, live);
        this.#begin(subscriber, known);
      }
      this.#waiting.clear();
    }
    if (isTerminal(live.status)) this.#finish(known);
  }

  #takeHeld(known: Known): void {
    const held = this.#held;
    this.#held = [];
    for (const addition of held) {
      if (addition.after <= known.version) continue;
      if (follows(known, addition)) this.#takeAddition(known, addition);
      else if (this.#reading) this.#reading.again = true;
    }
  }

  #takeAddition(known: Known, { after, epoch, events, snapshots }: Addition): void {
    known.version = after;
    const first = events[0]?.first;
    if (first !== undefined) known.epochs = withEpoch(known.epochs, first, epoch);
    const shown = snapshots.map((row) => ({ index: row.index, json: snapshotJsonOf(row) }));
    this.#take(known, events, shown);
  }

  async #lookUp(live: StoredLive): Promise<Known> {
    const { history, runId } = this.#options;
    const { events, snapshot } = await history.newest(runId, live.eventIndex, THIN_EVENTS);
    this.#thin.begin(events, snapshot, live.epochs);
    // A snapshot that is stored is no news: who comes back with its id has had it.
    const after = live.eventIndex < 0 || snapshot?.index === live.eventIndex ? 'snapshot' : 'event';
    const { epochs } = live;
    const head: Cursor = { index: live.eventIndex, after, epoch: epochAt(epochs, live.eventIndex) };
    const ring = new Ring(placeOf(head));
    const coalescer = new Coalescer((blocks) => this.#send(ring, blocks));
    return { live, ring, coalescer, head, epochs, version: live.batches };
  }

  #isBehind(known: Known, live: StoredLive): boolean {
    return live.eventIndex > known.head.index || live.batches > known.version || isTerminal(live.status);
  }

  /** Puts what follows the head behind it, and sees that it goes out. */
  #take(known: Known, events: readonly EventBytes[], snapshots: StoredEvent[]): void {
    const fresh = events.map((each) => eventsFrom(each, known.head.index + 1));
    const { frames, cursor } = mergeFrames(known.head, fresh, snapshots, known.epochs);
    if (frames.length === 0) return;
    known.head = cursor;
    known.coalescer.add(frames);
    this.#thin.take(fresh, snapshots, known.epochs);
  }

  /** The same bytes to everybody who is abreast. */
  #send(ring: Ring, blocks: readonly Block[]): void {
    for (const block of blocks) {
      const from = ring.last;
      ring.append(block, this.#options.ringBytes());
      for (const subscriber of this.#abreast) {
        if (subscriber.isBehind) {
          this.#abreast.delete(subscriber);
          subscriber.cursor = cursorAt(from, this.#known?.epochs ?? []);
          this.#begunAgain(subscriber);
        } else subscriber.write(block);
      }
    }
    this.#tellNews();
  }

  #begunAgain(subscriber: Subscriber): void {
    const known = this.#known;
    if (known) this.#catchUp(subscriber, known).catch(() => subscriber.cut());
  }

  /** Writes at the reader's own pace what it lacks, until it is abreast. */
  async #catchUp(subscriber: Subscriber, known: Known): Promise<void> {
    // After a history was lost, this goes on elsewhere.
    const goesOn = () => !subscriber.gone && !this.#closed && this.#known === known;
    while (goesOn()) {
      await this.#drained(subscriber, known);
      if (!goesOn()) return;
      const place = placeOf(subscriber.cursor);
      if (known.ring.covers(place)) {
        const next = known.ring.after(place);
        if (next !== null) {
          subscriber.write(next.chunk);
          subscriber.cursor = cursorAt(next.last, known.epochs);
        } else if (place <= known.ring.last || this.#isOver(known)) {
          return this.#getAbreast(subscriber, known);
        } else {
          // It read from the database what does not stand here yet: abreast, it would get that once more.
          await Promise.race([this.#news.promise, delay(RETRY_MS)]);
        }
        continue;
      }
      const page = await this.#readPage(subscriber.cursor, known);
      if (!goesOn()) return;
      if (page === 'lost') return this.#sendBack(subscriber);
      for (const chunk of page?.chunks ?? []) {
        subscriber.write(chunk);
        subscriber.cursor = cursorAt(chunk.places.at(-1) as number, page?.epochs ?? []);
        await this.#drained(subscriber, known);
        if (!goesOn()) return;
      }
      if (page && page.chunks.length > 0) continue;
      // What is missing here is stored, unless the run was removed: then nothing more ever comes.
      if (page && (await this.#isRemoved()))
        subscriber.end(toChunk(resetFrame(this.#options.runId, 'pruned')));
      else await Promise.race([this.#news.promise, delay(RETRY_MS)]);
    }
  }

  /** Who reads at its own pace has never taken all when others get their heartbeat: it gets its own in between. */
  async #drained(subscriber: Subscriber, known: Known): Promise<void> {
    await subscriber.drained();
    if (subscriber.beatAt < this.#beatAt) this.#beat(subscriber, this.#heartbeat(known));
  }

  #beat(subscriber: Subscriber, heartbeat: Chunk): void {
    subscriber.beatAt = this.#beatAt;
    subscriber.write(heartbeat);
  }

  async #isRemoved(): Promise<boolean> {
    const { history, runId } = this.#options;
    return (await history.live(runId).catch(() => undefined)) === null;
  }

  /**
   * Null when the database cannot be read just now: the subscriber waits, as it does for what is new. `lost`: the place
   * is not in the history any more.
   */
  async #readPage(cursor: Cursor, known: Known): Promise<HistoryPage | 'lost' | null> {
    const { history, runId, log } = this.#options;
    try {
      return (await history.read(runId, cursor, storedOf(known))) ?? 'lost';
    } catch (error) {
      log.warn({ err: error, runId }, 'a stream waits for the database');
      return null;
    }
  }

  #getAbreast(subscriber: Subscriber, known: Known): void {
    if (subscriber.gone) return;
    this.#abreast.add(subscriber);
    if (isTerminal(known.live.status)) this.#finish(known);
  }

  /** Ends the streams of a run that has ended, of those who have all of it. */
  #finish(known: Known): void {
    if (this.#isBehindEnd(known)) return;
    known.coalescer.flush();
    const frame = endFrame(known.live);
    if (frame === null) return;
    const end = toChunk(frame);
    for (const subscriber of [...this.#abreast]) {
      this.#abreast.delete(subscriber);
      subscriber.end(end);
    }
    this.#thin.end(end);
  }

  /** Nothing more comes, also of what waits for its tick. */
  #isOver(known: Known): boolean {
    return isTerminal(known.live.status) && !this.#isBehindEnd(known) && known.coalescer.isEmpty;
  }

  #isBehindEnd(known: Known): boolean {
    return known.head.index < known.live.eventIndex || known.live.batches > known.version;
  }

  #heartbeat({ live }: Known): Chunk {
    return toChunk(heartbeatFrame(live, new Date()), 0);
  }

  #onTimer(): void {
    const now = performance.now();
    for (const subscriber of [...this.#subscribers]) {
      if (!subscriber.isStalled(now)) continue;
      subscriber.cut();
      this.#options.onCut();
    }
    if (this.#known && isTerminal(this.#known.live.status) && !this.#isBehindEnd(this.#known)) return;
    this.wake();
    if (!this.#known || now - this.#beatAt < HEARTBEAT_MS - POLL_MS / 2) return;
    this.#beatAt = now;
    const heartbeat = this.#heartbeat(this.#known);
    for (const subscriber of this.#subscribers)
      if (subscriber.backlog === 0) this.#beat(subscriber, heartbeat);
  }

  #tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}

function cursorAt(place: number, epochs: readonly Epoch[]): Cursor {
  const index = Math.floor(place / 2);
  return { index, after: place === 2 * index ? 'event' : 'snapshot', epoch: epochAt(epochs, index) };
}

/** What is known here of what is stored. */
function storedOf({ head, epochs }: Known): Stored {
  return { eventIndex: head.index, epochs };
}

/** True when nothing can be missing between what is known and what was added. */
function follows({ version, head }: Known, { before, events }: Addition): boolean {
  return version === before && (events[0]?.first ?? 0) <= head.index + 1;
}
