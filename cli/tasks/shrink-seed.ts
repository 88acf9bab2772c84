/** Finds a smallest part of what a seed does that still fails the same way, in a worker. */
import {
  type GateOrder,
  isServiceTarget,
  type Modules,
  type ShrinkProgress,
  type Signature,
  type Smallest,
} from '../../server/contract/index.ts';
import { startWorker } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import type { TaskSignals } from './do-task.ts';
import { closingAt } from './subject.ts';

/** What is to be made small. */
export interface ShrinkRequest {
  scenario: string;
  target: string;
  seed: number;
  config: Smallest['config'];
  /** How it failed when it was recorded; null: that is not known. */
  signature: Signature | null;
  targetUrl: string | null;
  /** Files of the user's that it executes. */
  modules: Modules | undefined;
  /** The command that starts the service. */
  exec?: string | null;
  /** The database of a gated run. */
  gate?: GateOrder | null;
  maxExecutions: number | undefined;
  maxSeconds: number | undefined;
}

/** On `memory` an execution takes about a millisecond; on a database it builds a city. */
const DEFAULT_EXECUTIONS = { memory: 5_000, service: 600, database: 1_000 };
const DEFAULT_SECONDS = 600;
const CONFIRMATIONS = 20;

export interface ShrinkOutcome {
  smallest: Smallest | null;
  /** Why there is none. */
  why: string;
}

/**
 * Once cancelled, it ends the search with what it has; null: it was over before. `onProgress` is told, too, how many
 * executions it may take.
 */
export async function shrinkSeed(
  context: Context,
  { maxExecutions, maxSeconds, ...subject }: ShrinkRequest,
  { cancelled, over }: TaskSignals,
  onProgress: (progress: ShrinkProgress, most: number) => void,
): Promise<ShrinkOutcome | null> {
  const { target } = subject;
  const kind = target === 'memory' ? 'memory' : isServiceTarget(target) ? 'service' : 'database';
  const most = maxExecutions ?? DEFAULT_EXECUTIONS[kind];
  const worker = startWorker(context, {
    do: 'shrink',
    ...subject,
    maxExecutions: most,
    maxSeconds: maxSeconds ?? DEFAULT_SECONDS,
    confirmations: CONFIRMATIONS,
  });
  const end = () => worker.stop();
  if (cancelled.aborted) end();
  else cancelled.addEventListener('abort', end, { once: true });
  const close = closingAt(over, worker);
  try {
    for await (const said of worker.lines()) {
      if ('shrinking' in said) onProgress(said.shrinking, most);
      else if ('shrunk' in said) return { smallest: said.shrunk, why: said.why };
    }
    throw new Error('the worker ended without a result');
  } catch (error) {
    if (over.aborted) return null;
    throw error;
  } finally {
    cancelled.removeEventListener('abort', end);
    await close();
  }
}
