/**
 * A subscriber that trusts nobody: it comes back by the last id whenever its stream breaks, and notes every
 * index that is not the next one. It mends nothing, so what it sees is what the server sent.
 */
import { createHash } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createParser } from 'eventsource-parser';
import { apiPath } from '../../../server/contract/index.ts';
import { within } from './until.ts';

export interface SubscriberOptions {
  /** Called for each event with its data as it came. */
  onEvent?: (index: number, text: string) => void;
  headers?: Record<string, string>;
  /** Silence after which the link counts as dead, in ms. */
  idleMs?: number;
  path?: string;
}

const RETRY_FIRST_MS = 50;
const RETRY_LAST_MS = 1_000;

export class Subscriber {
  /** The index that must come next. */
  next = 0;
  connects = 0;
  /** Answers other than 200, by status. */
  readonly refusals = new Map<number, number>();
  /** What was wrong, in words. */
  readonly problems: string[] = [];
  end: Record<string, unknown> | null = null;
  /** Frames of a kind that is none of the lossless stream's. */
  readonly others: string[] = [];
  /** Resolves after the end frame, or when it was closed. */
  readonly done: Promise<void>;
  readonly #url: string;
  readonly #options: SubscriberOptions;
  /** How often it was told to start over. */
  resets = 0;
  #hash = createHash('sha256');
  #lastId: string | null = null;
  #closed = false;
  #current: ClientRequest | null = null;
  #incoming: IncomingMessage | null = null;
  #waking: (() => void) | null = null;

  constructor(serverUrl: string, runId: string, options: SubscriberOptions = {}) {
    this.#url = `${serverUrl}${options.path ?? apiPath.stream(runId)}`;
    this.#options = options;
    this.done = this.#follow();
  }

  /** Of all that came since it began, or was told to start over. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  get lastId(): string | null {
    return this.#lastId;
  }

  /** Breaks the link; it comes back by itself. */
  cut(): void {
    this.#current?.destroy();
  }

  /** Stops reading, so that the server's writes pile up; the link stays. */
  stall(): void {
    this.#incoming?.pause();
  }

  resume(): void {
    this.#incoming?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#current?.destroy();
    this.#waking?.();
  }

  async #follow(): Promise<void> {
    for (let attempt = 0; !this.#closed && this.end === null; ) {
      const before = this.next;
      await this.#readOnce();
      attempt = this.next > before ? 0 : attempt + 1;
      if (this.#closed || this.end !== null) return;
      const longest = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 10));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
        this.#waking = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #readOnce(): Promise<void> {
    const headers: Record<string, string> = { accept: 'text/event-stream', ...this.#options.headers };
    if (this.#lastId !== null) headers['last-event-id'] = this.#lastId;
    return new Promise((resolve) => {
      const sent = request(
        this.#url,
        { headers, agent: false, timeout: this.#options.idleMs ?? 10_000 },
        (response) => {
          const status = response.statusCode ?? 0;
          if (status !== 200) {
            this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
            response.resume();
            response.on('close', resolve);
            return;
          }
          this.connects += 1;
          this.#incoming = response;
          const parser = createParser({
            onEvent: ({ id, event, data }) => this.#take(event ?? '', id, data),
          });
          response.setEncoding('utf8');
          response.on('data', (text: string) => parser.feed(text));
          response.on('error', () => resolve());
          response.on('close', () => resolve());
        },
      );
      this.#current = sent;
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve());
      sent.on('close', () => resolve());
      sent.end();
    });
  }

  #take(kind: string, id: string | undefined, data: string): void {
    if (this.end !== null) this.problems.push(`a ${kind} frame after the end`);
    if (kind === 'event') {
      const index = Number(/^\{"index":(\d+)/.exec(data)?.[1] ?? Number.NaN);
      if (index !== this.next || id?.split('.')[0] !== String(index)) {
        this.problems.push(`event ${index} with id ${id} came where ${this.next} should`);
      }
      this.next = index + 1;
      this.#hash.update(`${data}\n`);
      this.#options.onEvent?.(index, data);
    } else if (kind === 'end') this.end = JSON.parse(data);
    else if (kind === 'reset' && JSON.parse(data).code === 'history_lost') this.#startOver();
    else if (kind !== 'snapshot' && kind !== 'heartbeat') this.others.push(kind);
    if (id !== undefined) this.#lastId = id === '' ? null : id;
  }

  #startOver(): void {
    this.resets += 1;
    this.next = 0;
    this.#hash = createHash('sha256');
  }
}

/** `count` subscribers of one run. */
export function subscribe(
  count: number,
  serverUrl: string,
  runId: string,
  options: SubscriberOptions = {},
): Subscriber[] {
  return Array.from({ length: count }, () => new Subscriber(serverUrl, runId, options));
}

/** Resolves when all have had the end frame. */
export async function allEnded(subscribers: readonly Subscriber[], withinMs: number): Promise<void> {
  await within(
    'every subscriber sees the end',
    withinMs,
    Promise.all(subscribers.map(({ done }) => done)),
  ).catch((error) => {
    const places = subscribers.map(({ next, end }) => (end === null ? next : 'end')).join(' ');
    for (const subscriber of subscribers) subscriber.close();
    throw new Error(`${error}; they stand at ${places}`);
  });
}
