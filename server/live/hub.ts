/** Wakes those who follow a run when something new of it is committed. */

/** All who follow one run share a feed. Its version moves with every wake-up and is never used twice. */
interface Feed {
  version: number;
  waiting: Set<() => void>;
  subscribers: number;
}

export interface Subscription {
  /** Read it before reading the database: a wake-up between the two is then not missed. */
  readonly version: number;
  /** Resolves at once when the version is not `seen` any more, else at the next wake-up or after `withinMs`. */
  changed(seen: number, withinMs: number): Promise<void>;
  /** Ends the subscription and whatever waits on it. */
  close(): void;
}

/** One for each server. It holds no history: a wake-up says only that it is worth reading the database. */
export class Hub {
  readonly #feeds = new Map<string, Feed>();
  #clock = 0;

  subscribe(runId: string): Subscription {
    const feed = this.#feeds.get(runId) ?? { version: ++this.#clock, waiting: new Set(), subscribers: 0 };
    this.#feeds.set(runId, feed);
    feed.subscribers += 1;
    let closed = false;
    let wakeMe: (() => void) | null = null;
    return {
      get version() {
        return feed.version;
      },
      changed: (seen, withinMs) => {
        if (closed || feed.version !== seen || withinMs <= 0) return Promise.resolve();
        return new Promise((resolve) => {
          const done = () => {
            clearTimeout(timer);
            feed.waiting.delete(done);
            wakeMe = null;
            resolve();
          };
          const timer = setTimeout(done, withinMs);
          wakeMe = done;
          feed.waiting.add(done);
        });
      },
      close: () => {
        if (closed) return;
        closed = true;
        feed.subscribers -= 1;
        if (feed.subscribers === 0) this.#feeds.delete(runId);
        wakeMe?.();
      },
    };
  }

  wake(runId: string): void {
    const feed = this.#feeds.get(runId);
    if (!feed) return;
    feed.version = ++this.#clock;
    for (const done of [...feed.waiting]) done();
  }

  wakeAll(): void {
    for (const runId of [...this.#feeds.keys()]) this.wake(runId);
  }

  get subscribers(): number {
    let count = 0;
    for (const feed of this.#feeds.values()) count += feed.subscribers;
    return count;
  }
}
