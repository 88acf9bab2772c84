/** Carries out the order to explain: tells what is known of a service that runs by itself, and else makes the run small where that was not done yet, then finds out why it failed. */
import {
  type ExplainProgress,
  isLive,
  type Smallest,
  type WorkerOrderTo,
} from '../../server/contract/index.ts';
import { shrink } from '../shrink/shrink.ts';
import { composeSmallest } from '../shrink/smallest.ts';
import { explain } from '../why/explain.ts';
import { wireWhy } from '../why/wire-story.ts';
import { seldom } from './seldom.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Of the time for both: explaining needs far fewer executions than making small. */
const SHRINKING_SHARE = 0.7;
const MOST_SHRINKING_EXECUTIONS = 5_000;
const CONFIRMATIONS = 20;
/** What is left at least, also when making small took longer than it should. */
const LEAST_SECONDS = 5;

export async function explainRun(order: WorkerOrderTo<'explain'>, worker: WorkerProcess): Promise<void> {
  const { do: _, smallest: known, maxSeconds, forensic, ...subject } = order;
  if (forensic && isLive(subject.target, subject.config))
    return await worker.write({ explained: wireWhy(forensic), reason: '', smallest: null });
  const began = performance.now();
  const tell = seldom((explaining: ExplainProgress) => void worker.write({ explaining }));
  const smallest = known ?? (await madeSmall(subject, maxSeconds * SHRINKING_SHARE, tell, worker));
  if (typeof smallest === 'string')
    return await worker.write({ explained: null, reason: smallest, smallest: null });
  const found = known === null ? smallest : null;
  if (worker.stop.requested)
    return await worker.write({ explained: null, reason: 'it was told to stop', smallest: found });
  const rest = Math.max(LEAST_SECONDS, maxSeconds - (performance.now() - began) / 1_000);
  const options = { signal: worker.stop, maxSeconds: rest, onProgress: tell };
  // What was made small is kept, whatever becomes of the rest.
  const why = await explain({ ...subject, smallest }, options).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  if (typeof why === 'string') await worker.write({ explained: null, reason: why, smallest: found });
  else await worker.write({ explained: why, reason: '', smallest: found });
}

/** The smallest reproduction, or why there is none. */
async function madeSmall(
  subject: Omit<WorkerOrderTo<'explain'>, 'do' | 'smallest' | 'maxSeconds' | 'forensic'>,
  maxSeconds: number,
  tell: (progress: ExplainProgress) => void,
  worker: WorkerProcess,
): Promise<Smallest | string> {
  const shrunk = await shrink(subject, {
    maxExecutions: MOST_SHRINKING_EXECUTIONS,
    maxSeconds,
    confirmations: CONFIRMATIONS,
    signal: worker.stop,
    onProgress: ({ executions, operations, stage }) =>
      tell({ stage: `making it small: ${operations} operations left, trying ${stage}`, executions }),
  });
  if (typeof shrunk === 'string') return `it cannot be made small: ${shrunk}`;
  return composeSmallest(subject, shrunk);
}
