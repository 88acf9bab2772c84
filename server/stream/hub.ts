/** The feeds of a server: one for each run that somebody follows. */
import type { ServerResponse } from 'node:http';
import type { Cursor, StreamMode } from '../contract/index.ts';
import type { StoredLive } from '../db/live.ts';
import type { Addition } from '../ingest/run-group.ts';
import type { Metrics } from '../metrics.ts';
import type { Log } from '../process-edge.ts';
import { Feed } from './feed.ts';
import type { HistoryReader } from './history-reader.ts';
import { Subscriber } from './subscriber.ts';

/** What one run's newest history may take in memory, and all of them together. */
const RING_BYTES = 4 * 1024 * 1024;
const RINGS_BYTES = 64 * 1024 * 1024;

export interface HubOptions {
  history: HistoryReader;
  metrics: Metrics;
  log: Log;
}

export class Hub {
  readonly #options: HubOptions;
  readonly #feeds = new Map<string, Feed>();
  readonly #countFrames = (frames: number) => {
    this.#options.metrics.framesDelivered += frames;
  };
  #stopped = false;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /**
   * Answers `out` with the stream of a run from `cursor` on, until its end, its reader's, or the server's. `live` is the
   * run as it was read for this reader.
   */
  follow(
    { runId, cursor, mode, live }: { runId: string; cursor: Cursor; mode: StreamMode; live: StoredLive },
    out: ServerResponse,
  ): void {
    if (this.#stopped) {
      out.destroy();
      return;
    }
    const feed = this.#feeds.get(runId) ?? this.#open(runId);
    feed.add(new Subscriber(out, cursor, mode, this.#countFrames), live);
  }

  /** Something of the run has changed. */
  wake(runId: string): void {
    this.#feeds.get(runId)?.wake();
  }

  wakeAll(): void {
    for (const feed of this.#feeds.values()) feed.wake();
  }

  /** What was committed on this server. */
  publish(addition: Addition): void {
    this.#feeds.get(addition.runId)?.publish(addition);
  }

  /** Ends all streams with a hint when to come back; there are no others from now on. */
  stop(): void {
    this.#stopped = true;
    for (const feed of this.#feeds.values()) feed.stop();
    this.#feeds.clear();
  }

  get subscribers(): number {
    let count = 0;
    for (const feed of this.#feeds.values()) count += feed.subscribers;
    return count;
  }

  /** How many follow, how many of them are behind, how far the one is that is furthest, and the bytes that wait for one at most. */
  load(): { subscribers: number; behind: number; lagEvents: number; backlogBytes: number } {
    const feeds = [...this.#feeds.values()].map((feed) => ({ ...feed.lag(), backlog: feed.backlog }));
    return {
      subscribers: this.subscribers,
      behind: feeds.reduce((sum, { behind }) => sum + behind, 0),
      lagEvents: feeds.reduce((most, { events }) => Math.max(most, events), 0),
      backlogBytes: feeds.reduce((most, { backlog }) => Math.max(most, backlog), 0),
    };
  }

  #open(runId: string): Feed {
    const { history, metrics, log } = this.#options;
    const feed = new Feed({
      runId,
      history,
      log,
      ringBytes: () => Math.min(RING_BYTES, RINGS_BYTES / Math.max(1, this.#feeds.size)),
      onCut: () => {
        metrics.streamsCut += 1;
      },
      onIdle: () => {
        if (this.#feeds.get(runId) === feed) this.#feeds.delete(runId);
      },
    });
    this.#feeds.set(runId, feed);
    return feed;
  }
}
