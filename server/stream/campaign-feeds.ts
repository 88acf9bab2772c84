/** The streams of campaigns: each frame is the whole campaign as it stands, so that one that is not read can be left out. */
import type { ServerResponse } from 'node:http';
import type { Campaign } from '../contract/index.ts';
import type { Log } from '../process-edge.ts';
import { toChunk } from './chunk.ts';
import { Subscriber } from './subscriber.ts';

/** What is new is told this often at most, and how it stands at least, in ms. */
const SHORTEST_MS = 250;
const LONGEST_MS = 1_000;
const PAYLOAD = 'campaign ';

export interface CampaignFeedOptions {
  /** Null: there is none. */
  read(name: string): Promise<Campaign | null>;
  log: Log;
}

export class CampaignFeeds {
  readonly #options: CampaignFeedOptions;
  readonly #feeds = new Map<string, CampaignFeed>();

  constructor(options: CampaignFeedOptions) {
    this.#options = options;
  }

  /** Answers `out` with the campaign each time that it has changed, until its end, its reader's, or the server's. */
  follow(name: string, out: ServerResponse): void {
    let feed = this.#feeds.get(name);
    if (feed === undefined) {
      feed = new CampaignFeed(name, this.#options, () => this.#feeds.delete(name));
      this.#feeds.set(name, feed);
    }
    feed.add(new Subscriber(out, { index: -1, after: 'snapshot' }, 'live', () => {}));
  }

  /** By which other servers are told of a campaign. */
  payloadOf(name: string): string {
    return `${PAYLOAD}${name}`;
  }

  /** The name in a payload; null: it is about something else. */
  nameOf(payload: string): string | null {
    return payload.startsWith(PAYLOAD) ? payload.slice(PAYLOAD.length) : null;
  }

  /** Something of the campaign has changed. */
  wake(name: string): void {
    this.#feeds.get(name)?.wake();
  }

  get subscribers(): number {
    return [...this.#feeds.values()].reduce((sum, { subscribers }) => sum + subscribers, 0);
  }

  stop(): void {
    for (const feed of this.#feeds.values()) feed.close(`retry: ${SHORTEST_MS}\n\n`);
    this.#feeds.clear();
  }
}

class CampaignFeed {
  readonly #name: string;
  readonly #options: CampaignFeedOptions;
  readonly #onIdle: () => void;
  readonly #subscribers = new Set<Subscriber>();
  #timer: NodeJS.Timeout | null = null;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isReading = false;
  #isClosed = false;

  constructor(name: string, options: CampaignFeedOptions, onIdle: () => void) {
    this.#name = name;
    this.#options = options;
    this.#onIdle = onIdle;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    subscriber.onGone(() => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.close('');
    });
    this.wake();
  }

  wake(): void {
    this.#due(Math.max(performance.now(), this.#toldAtMs + SHORTEST_MS));
  }

  close(last: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const subscriber of this.#subscribers) subscriber.end(toChunk(last, 0));
    this.#onIdle();
  }

  #due(atMs: number): void {
    if (this.#isClosed || atMs >= this.#dueAtMs) return;
    this.#dueAtMs = atMs;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(), Math.max(0, atMs - performance.now()));
  }

  async #tell(): Promise<void> {
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    // Whoever wakes it meanwhile is told by the next one.
    if (this.#isReading) return this.#due(performance.now() + SHORTEST_MS);
    this.#isReading = true;
    this.#toldAtMs = performance.now();
    try {
      const campaign = await this.#options.read(this.#name);
      if (this.#isClosed) return;
      if (campaign !== null) this.#send(`event: campaign\ndata: ${JSON.stringify(campaign)}\n\n`);
      if (campaign === null || campaign.state === 'done' || campaign.state === 'stopped') {
        this.close('event: end\ndata: {}\n\n');
      }
    } catch (error) {
      this.#options.log.warn({ err: error, campaign: this.#name }, 'a campaign cannot be read just now');
    } finally {
      this.#isReading = false;
      this.#due(this.#toldAtMs + LONGEST_MS);
    }
  }

  /** Who has not taken what came before gets the next one: it has all that this one has. */
  #send(frame: string): void {
    const chunk = toChunk(frame);
    const now = performance.now();
    for (const subscriber of this.#subscribers) {
      if (subscriber.isStalled(now)) subscriber.cut();
      else if (!subscriber.isBehind) subscriber.write(chunk);
    }
  }
}
