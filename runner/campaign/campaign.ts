/** Executes many seeds, several at once in threads of their own, and tells what became of each. */
import { Worker } from 'node:worker_threads';
import type { SeedFailure, SeedRange, Through } from '../../server/contract/index.ts';
import { standardLimit } from '../harness/execution-watch.ts';
import type { StopControl } from '../harness/stop-control.ts';
import type { CampaignSubject, SeedOutcome } from './seed.ts';

export interface CampaignOptions {
  subject: CampaignSubject;
  seeds: readonly SeedRange[];
  /** Seeds executed at once. */
  parallel: number;
  signal: StopControl;
  onThrough: (through: Through) => void;
  /** The file of the thread: the entry of the process, or the source of it in tests. */
  threadFile: URL;
  /** A thread that says nothing of its seed for so many seconds is ended; by itself it breaks off long before. */
  silentSeconds?: number;
}

/** How often what is through is told, in ms. */
const TELL_EVERY_MS = 100;

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
  const { signal, parallel } = options;
  const seeds = eachSeed(options.seeds);
  const tally = new Tally(options.onThrough);
  const threads: Worker[] = [];
  try {
    const lanes = Array.from({ length: parallel }, async () => {
      const first = signal.requested ? { done: true as const, value: undefined } : seeds.next();
      if (first.done) return;
      const thread = startThread(options);
      threads.push(thread);
      await lane(thread, first.value, seeds, options, tally);
    });
    await Promise.all(lanes);
  } finally {
    tally.close();
    await Promise.all(threads.map(end));
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
function lane(
  thread: Worker,
  first: number,
  seeds: Iterator<number, undefined>,
  { signal, subject, silentSeconds }: CampaignOptions,
  tally: Tally,
): Promise<void> {
  const limitSeconds = silentSeconds ?? standardLimit(subject.config) + SILENT_SECONDS;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const execute = (seed: number) => {
    const silenced = () => {
      void thread.terminate();
      reject(new Error(silent(seed, limitSeconds)));
    };
    timer = setTimeout(silenced, Math.min(limitSeconds * 1_000, LONGEST_TIMER_MS));
    thread.postMessage({ seed } satisfies ThreadOrder);
  };
  signal.onRequest(() => thread.postMessage({ stop: true } satisfies ThreadOrder));
  thread.on('error', reject);
  thread.on('exit', (code) => reject(new Error(`a thread of the campaign ended with exit code ${code}`)));
  thread.on('message', (message: ThreadMessage) => {
    clearTimeout(timer);
    if ('error' in message) return reject(new Error(`seed ${message.seed}: ${message.error}`));
    if (message.outcome) tally.add(message.seed, message.outcome);
    const next = signal.requested ? { done: true as const, value: undefined } : seeds.next();
    if (next.done) resolve();
    else execute(next.value);
  });
  execute(first);
  return promise.finally(() => clearTimeout(timer));
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

/** Gathers what is through for a moment, so that a line tells of many seeds. */
class Tally {
  readonly #tell: CampaignOptions['onThrough'];
  readonly #timer: NodeJS.Timeout;
  #seeds: number[] = [];
  #failures: SeedFailure[] = [];
  #operations = 0;
  #proved = 0;
  #identical = 0;

  constructor(tell: CampaignOptions['onThrough']) {
    this.#tell = tell;
    this.#timer = setInterval(() => this.#flush(), TELL_EVERY_MS);
  }

  add(seed: number, { failure, operations, isIdentical }: SeedOutcome): void {
    this.#seeds.push(seed);
    this.#operations += operations;
    if (failure) this.#failures.push(failure);
    if (isIdentical !== undefined) this.#proved++;
    if (isIdentical) this.#identical++;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  #flush(): void {
    if (this.#seeds.length === 0) return;
    const proof = this.#proved > 0 ? { proved: this.#proved, identical: this.#identical } : {};
    this.#tell({ seeds: this.#seeds, failures: this.#failures, operations: this.#operations, ...proof });
    this.#seeds = [];
    this.#failures = [];
    this.#operations = 0;
    this.#proved = 0;
    this.#identical = 0;
  }
}
