/** Executes many seeds, several at once in threads of their own, and tells what became of each. */
import { Worker } from 'node:worker_threads';
import type { SeedFailure, SeedRange } from '../../server/contract/index.ts';
import type { StopControl } from '../harness/stop-control.ts';
import type { CampaignSubject, SeedOutcome } from './seed.ts';

export interface CampaignOptions {
  subject: CampaignSubject;
  seeds: readonly SeedRange[];
  /** Seeds executed at once. */
  parallel: number;
  signal: StopControl;
  onThrough: (through: { seeds: number[]; failures: SeedFailure[]; operations: number }) => void;
  /** The file of the thread: the entry of the process, or the source of it in tests. */
  threadFile: URL;
}

/** How often what is through is told, in ms. */
const TELL_EVERY_MS = 100;

/** What a thread says: the seed that it is through with, or why it cannot execute this campaign. */
export type ThreadMessage = { seed: number; outcome: SeedOutcome | null } | { seed: number; error: string };

/** What makes a thread one of a campaign. */
export interface ThreadData {
  campaignThread: true;
  subject: CampaignSubject;
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
      await lane(thread, first.value, seeds, signal, tally);
    });
    await Promise.all(lanes);
  } finally {
    tally.close();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function startThread({ subject, threadFile }: CampaignOptions): Worker {
  const workerData: ThreadData = { campaignThread: true, subject };
  return new Worker(threadFile, { workerData });
}

/** Hands one thread seed after seed; a seed in the middle of its work at a stop is given up. */
function lane(
  thread: Worker,
  first: number,
  seeds: Iterator<number, undefined>,
  signal: StopControl,
  tally: Tally,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.onRequest(() => thread.postMessage({ stop: true }));
    thread.on('error', reject);
    thread.on('exit', (code) => reject(new Error(`a thread of the campaign ended with exit code ${code}`)));
    thread.on('message', (message: ThreadMessage) => {
      if ('error' in message) return reject(new Error(`seed ${message.seed}: ${message.error}`));
      if (message.outcome) tally.add(message.seed, message.outcome);
      const next = signal.requested ? { done: true as const, value: undefined } : seeds.next();
      if (next.done) resolve();
      else thread.postMessage({ seed: next.value });
    });
    thread.postMessage({ seed: first });
  });
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

  constructor(tell: CampaignOptions['onThrough']) {
    this.#tell = tell;
    this.#timer = setInterval(() => this.#flush(), TELL_EVERY_MS);
  }

  add(seed: number, { failure, operations }: SeedOutcome): void {
    this.#seeds.push(seed);
    this.#operations += operations;
    if (failure) this.#failures.push(failure);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  #flush(): void {
    if (this.#seeds.length === 0) return;
    this.#tell({ seeds: this.#seeds, failures: this.#failures, operations: this.#operations });
    this.#seeds = [];
    this.#failures = [];
    this.#operations = 0;
  }
}
