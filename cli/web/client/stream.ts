/** Follows a run, or a campaign, by the browser's own EventSource: what is newest, in batches, for as long as the page wants. */
import type { Campaign, Frame } from '../../../server/contract/index.ts';
import { apiPath } from '../../../server/contract/paths.ts';
import { type ApiProblem, api, asProblem } from './api.ts';

/** Whether the stream is there, for people to see. */
export type Link =
  | { status: 'connecting' }
  | { status: 'connected' }
  | { status: 'lost'; attempt: number }
  | { status: 'refused'; problem: ApiProblem }
  | { status: 'ended' };

export interface Listener {
  /** All that came since the last picture, in order. */
  onFrames(frames: readonly Frame[]): void;
  onLink(link: Link): void;
}

/** Of a campaign: each message is all of it, so that the newest tells enough. */
export interface CampaignListener {
  onCampaign(campaign: Campaign): void;
  onLink(link: Link): void;
}

const RUN_KINDS = ['heartbeat', 'event', 'snapshot', 'skipped', 'reset', 'end'] as const;
const CAMPAIGN_KINDS = ['campaign', 'end'] as const;
/** The server sends a heartbeat every second; after so much silence the link is taken for dead. */
const SILENCE_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** Between two pictures that nobody looks at. */
const HIDDEN_MS = 500;

/** Starts at once. Returns what ends it; a browser has six connections to a server, so leave none open. */
export function followRun(runId: string, listener: Listener): () => void {
  return follow({
    kinds: RUN_KINDS,
    address: (after) =>
      `${apiPath.stream(runId)}?${new URLSearchParams({ mode: 'live', ...(after && { after }) })}`,
    ask: () => api.run(runId),
    onMessages: (messages) =>
      listener.onFrames(messages.map(({ kind, text }) => ({ frame: kind, data: JSON.parse(text) }) as Frame)),
    onLink: (link) => listener.onLink(link),
  });
}

/** Likewise. It ends once the campaign is over, which may be gone on with later. */
export function followCampaign(name: string, listener: CampaignListener): () => void {
  return follow({
    kinds: CAMPAIGN_KINDS,
    address: () => apiPath.campaignStream(name),
    ask: () => api.campaign(name),
    onMessages(messages) {
      const newest = messages.findLast(({ kind }) => kind === 'campaign');
      if (newest !== undefined) listener.onCampaign(JSON.parse(newest.text) as Campaign);
    },
    onLink: (link) => listener.onLink(link),
  });
}

function follow(followed: Followed): () => void {
  const stream = new Stream(followed);
  stream.open();
  return () => stream.close();
}

interface Message {
  kind: string;
  text: string;
}

/** What is followed. A message of the kind `end` is its last. */
interface Followed {
  kinds: readonly string[];
  /** `after`: the id of the last message; '' before the first. */
  address(after: string): string;
  /** Answered wherever the stream is to be had. @throws ApiProblem */
  ask(): Promise<unknown>;
  /** All that came since the last picture, in order. */
  onMessages(messages: readonly Message[]): void;
  onLink(link: Link): void;
}

class Stream {
  readonly #followed: Followed;
  #source: EventSource | null = null;
  #lastId = '';
  #attempt = 0;
  /** True from when the stream opened until the browser begins to connect again by itself. */
  #hasOpened = false;
  #isOver = false;
  #waiting: Message[] = [];
  #picture: (() => void) | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(followed: Followed) {
    this.#followed = followed;
  }

  open(): void {
    const source = new EventSource(this.#followed.address(this.#lastId));
    this.#source = source;
    this.#hasOpened = false;
    for (const kind of this.#followed.kinds)
      source.addEventListener(kind, (message) => this.#take(kind, message));
    source.onopen = () => {
      this.#attempt = 0;
      this.#hasOpened = true;
      this.#followed.onLink({ status: 'connected' });
    };
    source.onerror = () => this.#failed(source);
    this.#expectMore(source);
  }

  close(): void {
    this.#isOver = true;
    this.#source?.close();
    this.#picture?.();
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
  }

  #take(kind: string, message: MessageEvent<string>): void {
    if (message.lastEventId !== '') this.#lastId = message.lastEventId;
    this.#waiting.push({ kind, text: message.data });
    if (this.#source) this.#expectMore(this.#source);
    if (kind === 'end') {
      this.#flush();
      this.close();
      this.#followed.onLink({ status: 'ended' });
      return;
    }
    this.#picture ??= onNextPicture(() => this.#flush());
  }

  #flush(): void {
    this.#picture?.();
    this.#picture = null;
    const messages = this.#waiting;
    this.#waiting = [];
    if (messages.length > 0 && !this.#isOver) this.#followed.onMessages(messages);
  }

  #expectMore(source: EventSource): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(source), SILENCE_MS);
  }

  /**
   * A stream that ends is opened again by the browser, with the last id and after the time that the server told
   * by `retry:`, which no script gets to see. What it does not manage so, or in time, is done here.
   */
  #failed(source: EventSource): void {
    if (this.#isOver || source !== this.#source) return;
    if (!this.#hasOpened || source.readyState !== EventSource.CONNECTING) {
      this.#lost(source);
      return;
    }
    this.#hasOpened = false;
    this.#attempt = 1;
    this.#followed.onLink({ status: 'lost', attempt: this.#attempt });
    this.#expectMore(source);
  }

  /** An EventSource does not tell why it failed, so what is followed is asked for. */
  #lost(source: EventSource): void {
    if (this.#isOver || source !== this.#source) return;
    source.close();
    clearTimeout(this.#silence);
    this.#source = null;
    this.#followed.ask().then(
      () => this.#later(),
      (error: unknown) => {
        const problem = asProblem(error);
        if (this.#isOver) return;
        if (problem.passes) this.#later();
        else this.#followed.onLink({ status: 'refused', problem });
      },
    );
  }

  #later(): void {
    if (this.#isOver) return;
    this.#attempt += 1;
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#attempt - 1));
    this.#followed.onLink({ status: 'lost', attempt: this.#attempt });
    // From half of it to all of it, so that many pages do not return at once.
    this.#retry = setTimeout(() => this.open(), (longestMs / 2) * (1 + Math.random()));
  }
}

/** Calls back before the next picture, or soon where none is drawn. Returns what takes it back. */
function onNextPicture(callback: () => void): () => void {
  const frame = document.hidden ? null : requestAnimationFrame(callback);
  // A page that is hidden meanwhile draws nothing, and what comes must not pile up.
  const timer = setTimeout(callback, HIDDEN_MS);
  return () => {
    if (frame !== null) cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
