/** Executes one shard under its lease, and stores what came of it. */
import { emptyTally, mergeTallies, sizeOf, type Tally, tallyOf } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import { WorkerError } from '../hosting/worker.ts';
import { CliError, messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import type { Engine } from './engine.ts';
import type { CampaignStore, ShardWork } from './store.ts';

/** What became of it. */
export interface Executed {
  tally: Tally;
  seconds: number;
  /** False: another has it since, and nothing of it is stored. */
  isStored: boolean;
  /** What kept a seed from being executed; null: nothing did. */
  broken: WorkerError | null;
}

const LONGEST_REASON = 2_000;
/** A server that is away for a while keeps the result waiting. */
const AGAIN_MS = 1_000;
const LONGEST_WAIT_MS = 120_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** One that takes longer was cut for a faster target: the rest is given back. */
const LONGEST_SHARD_MS = 60_000;

/** `left`: aborted when the claimant leaves; what is through is stored, and the rest given back. */
export async function executeShard(
  store: CampaignStore,
  engine: Engine,
  work: ShardWork,
  left: AbortSignal,
): Promise<Executed> {
  const began = performance.now();
  let tally = emptyTally();
  const done = new AbortController();
  const lost = new AbortController();
  const timed = work.secondsLeft === null ? [] : [timeIsUp(work.secondsLeft)];
  const over = AbortSignal.any([left, lost.signal, ...timed]);
  const stop = () => engine.stop();
  if (over.aborted) stop();
  else over.addEventListener('abort', stop, { once: true });
  const renewing = keepLease(store, work, () => tally, { stop, lost, done: done.signal });
  let broken: WorkerError | null = null;
  try {
    await engine.execute(work.seeds, (through) => {
      tally = mergeTallies(tally, tallyOf(through));
    });
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    broken = error;
    await engine.close();
  } finally {
    over.removeEventListener('abort', stop);
    done.abort();
    await renewing;
  }
  const seconds = (performance.now() - began) / 1_000;
  tally = { ...tally, executingMs: Math.round(seconds * 1_000) };
  const why = whyNotWhole(work, tally, engine, broken);
  const isStored = !lost.signal.aborted && (await stored(store, work, tally, why));
  return { tally, seconds, isStored, broken };
}

function timeIsUp(seconds: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.ceil(seconds * 1_000), LONGEST_TIMER_MS));
}

/** Says how far it is, as long as it is held. A server that is away for a while is no reason to stop. */
async function keepLease(
  store: CampaignStore,
  work: ShardWork,
  tally: () => Tally,
  { stop, lost, done }: { stop: () => void; lost: AbortController; done: AbortSignal },
): Promise<void> {
  const tooLongAtMs = performance.now() + LONGEST_SHARD_MS;
  for (;;) {
    await pause(store.renewEveryMs, done);
    if (done.aborted) return;
    if (performance.now() > tooLongAtMs && sizeOf(tally().through) > 0) stop();
    const leased = await store.renew(work, tally()).catch((error: unknown) => {
      if (error instanceof CliError) return undefined;
      throw error;
    });
    if (leased === null && !done.aborted) return lost.abort();
    if (leased?.isOver) stop();
  }
}

/** Null: all of it is through, or it was stopped in order. */
function whyNotWhole(
  { seeds }: ShardWork,
  { through }: Tally,
  engine: Engine,
  broken: WorkerError | null,
): string | null {
  if (broken !== null) return broken.why.slice(0, LONGEST_REASON);
  const missing = sizeOf(seeds) - sizeOf(through);
  return missing === 0 || !engine.isUsable ? null : `${missing} of its seeds were not executed to their end.`;
}

async function stored(
  store: CampaignStore,
  work: ShardWork,
  tally: Tally,
  why: string | null,
): Promise<boolean> {
  const until = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    try {
      return await store.finish(work, { tally, why: why === null ? null : why.toWellFormed() });
    } catch (error) {
      if (!isPassing(error) || performance.now() > until) throw error;
      await pause(AGAIN_MS);
    }
  }
}

/** True for a server that is away, or has no time, so that it may answer later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof CliError)) return false;
  const { cause } = error;
  return typeof cause !== 'string' || ['unavailable', 'too_many_requests', 'internal'].includes(cause);
}

/** In words for people; safe to print. */
export function brokenText({ campaign }: ShardWork, error: WorkerError): string {
  return `a shard of the campaign ${safeText(campaign.name)} could not be executed: ${messageOf(error)}`;
}
