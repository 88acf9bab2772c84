/**
 * The sink that pushes a run's telemetry to the server. One batch is under way at a time, so batches never
 * overtake each other; what is not acknowledged is kept and sent again, for as long as the run is ours.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  apiPath,
  createRedactor,
  type EndReport,
  type Redactor,
  type RunEvent,
  type Snapshot,
  type TelemetryAnswer,
} from '../../server/contract/index.ts';
import { Outbox, type OutboxBatch } from './outbox.ts';
import { createPoster, type Poster, type PostOutcome } from './post.ts';
import { RateMeter } from './rate-meter.ts';
import { sealedJson } from './seal.ts';
import { LeaseLostError, type Sink, SinkClosedError, TelemetryRefusedError } from './sink.ts';
import { storableJson } from './storable.ts';

export interface HttpSinkOptions {
  serverUrl: string;
  runId: string;
  token: string;
  /** Called once, when an answer says that a stop was asked for. */
  onStop?: (reason: string | null) => void;
  /** Called once, when the sink has failed for good: nothing more will be delivered. */
  onFailure?: (error: Error) => void;
  /** Called for every attempt that failed and will be made again. `attempt` counts from 1. */
  onRetry?: (why: string, attempt: number) => void;
  limits?: Partial<HttpSinkLimits>;
  /** Sends to something else than a server, such as a Supabase project; given what an answer may take, in ms. */
  poster?: (answerTimeoutMs: number) => Poster;
  /** Takes the secrets out of all that is sent; without it, those that are known by their form. */
  redactor?: Redactor;
}

export interface HttpSinkLimits {
  /** A batch goes out when it has this many items (events and snapshots) … */
  batchItems: number;
  /** … or this many UTF-16 code units of JSON; below the 4 MiB that a server takes, also in UTF-8 … */
  batchCharacters: number;
  /** … or when its oldest item is this old. */
  lingerMs: number;
  /** Held at most before callers wait. */
  bufferItems: number;
  bufferCharacters: number;
  /** An idle sink says that the run lives, and hears of stops, this often. */
  heartbeatMs: number;
  /** Waits between attempts: doubled from the first to the last, each jittered down to its half … */
  retryFirstMs: number;
  retryLastMs: number;
  /** … and what the server asks for, in full up to this: nobody's wrong answer holds a run up for an hour. */
  retryAfterMs: number;
  /** A request without an answer is given up, and made again, after this long. */
  answerTimeoutMs: number;
}

const DEFAULT_LIMITS: HttpSinkLimits = {
  batchItems: 500,
  batchCharacters: 1_000_000,
  lingerMs: 20,
  bufferItems: 10_000,
  bufferCharacters: 8_000_000,
  heartbeatMs: 1_000,
  retryFirstMs: 50,
  retryLastMs: 2_000,
  retryAfterMs: 10_000,
  answerTimeoutMs: 15_000,
};

interface Waiter {
  /** Resolves when so many items are committed (`flush`), or when there is room (`room`). */
  committed: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

export class HttpSink implements Sink {
  readonly #options: HttpSinkOptions;
  readonly #redactor: Redactor;
  readonly #limits: HttpSinkLimits;
  readonly #poster: Poster;
  readonly #outbox: Outbox;
  readonly #rate = new RateMeter();
  readonly #aborted = new AbortController();
  #metrics: Record<string, number> = {};
  #answered = false;
  #taken = 0;
  #committed = 0;
  #sending = false;
  #timer: NodeJS.Timeout | null = null;
  #timerIsHeartbeat = false;
  #flushes: Waiter[] = [];
  #room: PromiseWithResolvers<void> | null = null;
  #endJson: string | null = null;
  #endRefusal: Error | null = null;
  #ended = false;
  #stopSeen = false;
  #failure: Error | null = null;

  constructor(options: HttpSinkOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const url = new URL(apiPath.telemetry(options.runId), options.serverUrl).href;
    const { answerTimeoutMs } = this.#limits;
    this.#poster = options.poster?.(answerTimeoutMs) ?? createPoster(url, options.token, answerTimeoutMs);
    this.#redactor = options.redactor ?? createRedactor([]);
    const { bufferItems: items, bufferCharacters: characters } = this.#limits;
    this.#outbox = new Outbox({ items, characters }, (json) => this.#redactor.text(json));
    this.#schedule();
  }

  /** True while a caller waits because the buffer is full. */
  get waiting(): boolean {
    return this.#room !== null;
  }

  /** True once anything was accepted, be it only that the run lives. */
  get answered(): boolean {
    return this.#answered;
  }

  /** True once the end of the run was acknowledged. */
  get delivered(): boolean {
    return this.#ended;
  }

  /** Events and snapshots taken so far: it grows as long as the run makes progress. */
  get taken(): number {
    return this.#taken;
  }

  event(event: RunEvent): void | Promise<void> {
    this.#assertOpen();
    this.#outbox.addEvent(event);
    this.#rate.count();
    return this.#took();
  }

  snapshot(snapshot: Snapshot): void | Promise<void> {
    this.#assertOpen();
    this.#outbox.addSnapshot(snapshot);
    return this.#took();
  }

  live(metrics: Record<string, number>): void {
    this.#metrics = metrics;
  }

  /** @throws LeaseLostError, TelemetryRefusedError or SinkClosedError when the end cannot be delivered. */
  end(report: EndReport): Promise<void> {
    this.#assertOpen();
    if (this.#endRefusal) return Promise.reject(this.#endRefusal);
    this.#endJson = storableJson(sealedJson(report, this.#redactor));
    this.#outbox.releaseEnd();
    // One more than the items: the report itself has to be committed.
    this.#taken += 1;
    return this.#whenCommitted(this.#taken);
  }

  flush(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.#whenCommitted(this.#committed + this.#outbox.sendable);
  }

  /** From now on `end()` rejects with `error`, while events are still taken and delivered. */
  refuseEnd(error: Error): void {
    this.#endRefusal = error;
  }

  /** Gives up whatever is not delivered yet: everyone who waits gets `error`. Idempotent. */
  close(error: Error = new SinkClosedError('The telemetry sink was closed.')): void {
    this.#fail(error, false);
  }

  #took(): void | Promise<void> {
    this.#taken += 1;
    this.#schedule();
    if (!this.#outbox.full) return;
    if (!this.#room) {
      this.#room = Promise.withResolvers<void>();
      // A failure is thrown at the next call too, so a caller that ends without awaiting is no error.
      this.#room.promise.catch(() => undefined);
    }
    return this.#room.promise;
  }

  #whenCommitted(count: number): Promise<void> {
    if (this.#committed >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#flushes.push({ committed: count, resolve, reject });
      this.#schedule();
    });
  }

  #assertOpen(): void {
    if (this.#failure) throw this.#failure;
    if (this.#endJson !== null)
      throw new Error('The sink took the end of the run already: nothing may follow.');
  }

  /** Decides when the next batch goes out. Called whenever something changed. */
  #schedule(): void {
    if (this.#sending || this.#failure || this.#ended) return;
    const urgent = this.#endJson !== null || this.#flushes.length > 0;
    if (urgent || this.#outbox.sendable >= this.#limits.batchItems) {
      this.#startSending();
    } else if (this.#outbox.sendable > 0) {
      this.#arm(this.#limits.lingerMs, false);
    } else this.#arm(this.#limits.heartbeatMs, true);
  }

  #arm(afterMs: number, isHeartbeat: boolean): void {
    if (this.#timer && this.#timerIsHeartbeat === isHeartbeat) return;
    this.#disarm();
    this.#timerIsHeartbeat = isHeartbeat;
    this.#timer = setTimeout(() => this.#startSending(), afterMs);
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #startSending(): void {
    this.#disarm();
    this.#sending = true;
    this.#sendOne()
      .catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error)), true))
      .finally(() => {
        this.#sending = false;
        this.#schedule();
      });
  }

  /** Sends one batch until it is committed or can never be. */
  async #sendOne(): Promise<void> {
    let maxItems = this.#limits.batchItems;
    for (let attempt = 1; !this.#failure; attempt += 1) {
      const batch = this.#outbox.peek(maxItems, this.#limits.batchCharacters);
      const endJson = batch.count === this.#outbox.size ? this.#endJson : null;
      const outcome = await this.#poster.post(this.#body(batch, endJson), this.#aborted.signal);
      if (this.#failure) return;
      if (outcome.kind === 'accepted') return this.#accepted(batch, endJson !== null, outcome.answer);
      if (outcome.kind === 'lease-lost') throw new LeaseLostError(outcome.message);
      if (outcome.kind === 'retry') await this.#backOff(outcome, attempt);
      else if (batch.count > 1 && maxItems > 1 && isAboutContent(outcome))
        maxItems = Math.ceil(Math.min(batch.count, maxItems) / 2);
      else throw refusal(outcome, batch);
    }
  }

  #body(batch: OutboxBatch, endJson: string | null): string {
    const live = JSON.stringify({ metrics: finite(this.#metrics), eventsPerSecond: this.#rate.perSecond() });
    const end = endJson === null ? '' : `,"end":${endJson}`;
    return `{"events":[${batch.events}],"snapshots":[${batch.snapshots}],"live":${storableJson(live)}${end}}`;
  }

  #accepted(batch: OutboxBatch, withEnd: boolean, answer: TelemetryAnswer): void {
    if (batch.lastEvent !== null && answer.next <= batch.lastEvent) {
      throw new TelemetryRefusedError(
        'sequence_gap',
        `The server answered that it expects event ${answer.next} after it took event ${batch.lastEvent}: it lost events that it had acknowledged.`,
      );
    }
    this.#answered = true;
    this.#outbox.acknowledge(batch.count);
    this.#committed += batch.count + (withEnd ? 1 : 0);
    if (withEnd) this.#finish();
    this.#flushes = this.#flushes.filter((waiter) => {
      if (this.#committed < waiter.committed) return true;
      waiter.resolve();
      return false;
    });
    if (this.#room && this.#outbox.roomy) {
      this.#room.resolve();
      this.#room = null;
    }
    if (answer.stop && !this.#stopSeen) {
      this.#stopSeen = true;
      this.#options.onStop?.(answer.stop.reason);
    }
  }

  #finish(): void {
    this.#ended = true;
    this.#poster.close();
  }

  async #backOff(outcome: PostOutcome & { kind: 'retry' }, attempt: number): Promise<void> {
    this.#options.onRetry?.(outcome.why, attempt);
    const { retryFirstMs, retryLastMs, retryAfterMs } = this.#limits;
    const ceiling = Math.min(retryLastMs, retryFirstMs * 2 ** Math.min(attempt - 1, 20));
    // Never before the server said, and each harness at another time after it.
    const asked = Math.min(retryAfterMs, outcome.afterMs ?? 0) * (1 + Math.random() / 4);
    const waitMs = Math.max(asked, ceiling * (0.5 + Math.random() / 2));
    await delay(waitMs, undefined, { signal: this.#aborted.signal }).catch(() => undefined);
  }

  #fail(error: Error, report: boolean): void {
    if (this.#failure || this.#ended) return;
    this.#failure = error;
    this.#disarm();
    this.#aborted.abort();
    this.#poster.close();
    for (const waiter of this.#flushes) waiter.reject(error);
    this.#flushes = [];
    this.#room?.reject(error);
    this.#room = null;
    if (report) this.#options.onFailure?.(error);
  }
}

/** True when a smaller batch may be taken, or shows which event it is that cannot. */
function isAboutContent(refused: PostOutcome & { kind: 'refused' }): boolean {
  return refused.status === 400 || refused.status === 413 || refused.status === 422;
}

function refusal(refused: PostOutcome & { kind: 'refused' }, batch: OutboxBatch): TelemetryRefusedError {
  const expected = refused.expected === null ? '' : ` It expects event ${refused.expected} next.`;
  return new TelemetryRefusedError(
    refused.code,
    `The server can never take ${describe(batch)}: ${refused.status} ${refused.code}: ${refused.message}${expected}`,
  );
}

function describe(batch: OutboxBatch): string {
  if (batch.count === 0) return 'the report of the end';
  if (batch.firstEvent === null) return `the snapshot after event ${batch.firstSnapshot}`;
  if (batch.firstEvent === batch.lastEvent) return `event ${batch.firstEvent}`;
  return `events ${batch.firstEvent} to ${batch.lastEvent}`;
}

/** JSON has no NaN or Infinity: a metric without a value yet is left out instead of failing the batch. */
function finite(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}
