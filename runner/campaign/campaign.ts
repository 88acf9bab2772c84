/** Executes many seeds, several at once in threads of their own, and tells what became of each. */
import { Worker } from 'node:worker_threads';
import type { SeedRange, Through } from '../../server/contract/index.ts';
import { standardLimit } from '../harness/execution-watch.ts';
import type { StopControl } from '../harness/stop-control.ts';
import type { CampaignSubject, SeedOutcome } from './seed.ts';
import { ThroughTally } from './through-tally.ts';

export interface CampaignOptions {
  subject: CampaignSubject;
  seeds: readonly SeedRange[];
  /** More of them, asked for when those before are through; null: there are none. Left out: there are none. */
  more?: () => Promise<readonly SeedRange[] | null>;
  /** Seeds executed at once. */
  parallel: number;
  signal: StopControl;
  onThrough: (through: Through) => void;
  /** The file of the thread: the entry of the process, or the source of it in tests. */
  threadFile: URL;
  /** A thread that says nothing of its seed for so many seconds is ended; by itself it breaks off long before. */
  silentSeconds?: number;
}

/** What a thread says: the seed that it is through with, or why it cannot execute this campaign. */
export type ThreadMessage = { seed: number; outcome: SeedOutcome | null } | { seed: number; error: string };

/** What a thread is told: a seed to execute, to stop, or that there is no more to do. */
export type ThreadOrder = { seed: number } | { stop: true } | { end: true };

/** Beyond the time that a seed has: its thread does not get to look at the clock. */
const SILENT_SECONDS = 30;
/** What Node can wait for. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A thread takes the city down that it has kept. */
const END_LIMIT_MS = 10_000;

/** What makes a thread one of a campaign. */
export interface ThreadData {
  campaignThread: true;
  subject: CampaignSubject;
  /** Other threads start services, too. */
  isAside: boolean;
}

/** Resolves when all seeds are through, or those under way at a stop. Rejects when a seed cannot be executed. */
export async function campaign(options: CampaignOptions): Promise<void> {
  const { parallel, more } = options;
  const tally = new ThroughTally(options.onThrough);
  const lanes: Lane[] = [];
  try {
    for (let ranges: readonly SeedRange[] | null = options.seeds; ranges !== null; ) {
      const seeds = eachSeed(ranges);
      await Promise.all(Array.from({ length: parallel }, (_, i) => work(i, seeds)));
      tally.flush();
      ranges = (await more?.()) ?? null;
    }
  } finally {
    tally.close();
    await Promise.all(lanes.map(({ thread }) => end(thread)));
  }

  /** Threads are kept from one batch of seeds to the next: each has its city, or its service, ready. */
  async function work(i: number, seeds: Iterator<number, undefined>): Promise<void> {
    const first = options.signal.requested ? { done: true as const, value: undefined } : seeds.next();
    if (first.done) return;
    lanes[i] ??= new Lane(options, tally);
    await lanes[i].work(first.value, seeds);
  }
}

/** Lets the thread leave the database in good order. */
async function end(thread: Worker): Promise<void> {
  thread.removeAllListeners();
  const timer = setTimeout(() => void thread.terminate(), END_LIMIT_MS);
  await new Promise<void>((resolve) => {
    thread.on('error', () => {});
    thread.on('exit', () => resolve());
    if (thread.threadId === -1) resolve();
    else thread.postMessage({ end: true } satisfies ThreadOrder);
  });
  clearTimeout(timer);
}

function startThread({ subject, threadFile, parallel }: CampaignOptions): Worker {
  const workerData: ThreadData = { campaignThread: true, subject, isAside: parallel > 1 };
  return new Worker(threadFile, { workerData });
}

/** Hands one thread seed after seed; a seed in the middle of its work at a stop is given up. */
class Lane {
  readonly thread: Worker;
  readonly #options: CampaignOptions;
  readonly #tally: ThroughTally;
  readonly #limitSeconds: number;
  #seeds: Iterator<number, undefined> = eachSeed([]);
  #work = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CampaignOptions, tally: ThroughTally) {
    const { subject, silentSeconds, signal } = options;
    this.#options = options;
    this.#tally = tally;
    this.#limitSeconds = silentSeconds ?? standardLimit(subject.config) + SILENT_SECONDS;
    this.thread = startThread(options);
    signal.onRequest(() => this.thread.postMessage({ stop: true } satisfies ThreadOrder));
    this.thread.on('error', (error) => this.#fail(error));
    this.thread.on('exit', (code) =>
      this.#fail(new Error(`a thread of the campaign ended with exit code ${code}`)),
    );
    this.thread.on('message', (message: ThreadMessage) => this.#take(message));
    // One that fails between two batches is heard of by the next.
    this.#work.promise.catch(() => {});
  }

  work(first: number, seeds: Iterator<number, undefined>): Promise<void> {
    this.#seeds = seeds;
    this.#execute(first);
    return this.#work.promise;
  }

  #execute(seed: number): void {
    const silenced = () => {
      void this.thread.terminate();
      this.#fail(new Error(silent(seed, this.#limitSeconds)));
    };
    this.#timer = setTimeout(silenced, Math.min(this.#limitSeconds * 1_000, LONGEST_TIMER_MS));
    this.thread.postMessage({ seed } satisfies ThreadOrder);
  }

  #take(message: ThreadMessage): void {
    clearTimeout(this.#timer);
    if ('error' in message) return this.#fail(new Error(`seed ${message.seed}: ${message.error}`));
    if (message.outcome) this.#tally.add(message.seed, message.outcome);
    const next = this.#options.signal.requested
      ? { done: true as const, value: undefined }
      : this.#seeds.next();
    if (!next.done) return this.#execute(next.value);
    const { resolve } = this.#work;
    this.#work = Promise.withResolvers<void>();
    this.#work.promise.catch(() => {});
    resolve();
  }

  #fail(error: Error): void {
    clearTimeout(this.#timer);
    this.#work.reject(error);
  }
}

function silent(seed: number, seconds: number): string {
  return (
    `seed ${seed}: nothing was heard of it for ${Math.round(seconds)} s, and it was broken off. Is there a loop in ` +
    "the service's or the scenario's code that does not end, or never awaits?"
  );
}

function* eachSeed(ranges: readonly SeedRange[]): Generator<number, undefined> {
  for (const [from, to] of ranges) for (let seed = from; seed <= to; seed++) yield seed;
}
