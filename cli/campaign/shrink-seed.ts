/** Finds a smallest part of what a seed does that still fails the same way, in a worker. */
import {
  type GateOrder,
  isServiceTarget,
  type Modules,
  type Signature,
  type Smallest,
} from '../../server/contract/index.ts';
import { startWorker } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import type { Stopping } from '../process/stopping.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { CampaignReporter } from './reporter.ts';

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
  /** For the progress line. */
  title: string;
  /** Tells the progress. */
  reporter: CampaignReporter;
  /** Ends the search with what it has, and by a second call at once. */
  stopping: Stopping;
}

/** On `memory` an execution takes about a millisecond; on a database it builds a city. */
const DEFAULT_EXECUTIONS = { memory: 5_000, service: 600, database: 1_000 };
const DEFAULT_SECONDS = 600;
const CONFIRMATIONS = 20;

export interface ShrinkOutcome {
  smallest: Smallest | null;
  /** Why there is none. */
  why: string;
  /** True when it was told to end the search before its time. */
  interrupted: boolean;
}

/** Told to stop, it ends the search with what it has; told again, it leaves. */
export async function shrinkSeed(context: Context, request: ShrinkRequest): Promise<ShrinkOutcome> {
  const { title, maxExecutions, maxSeconds, reporter, stopping, ...subject } = request;
  const kind =
    request.target === 'memory' ? 'memory' : isServiceTarget(request.target) ? 'service' : 'database';
  const standard = DEFAULT_EXECUTIONS[kind];
  const most = maxExecutions ?? standard;
  const worker = startWorker(context, {
    do: 'shrink',
    ...subject,
    maxExecutions: most,
    maxSeconds: maxSeconds ?? DEFAULT_SECONDS,
    confirmations: CONFIRMATIONS,
  });
  let interrupted = false;
  const undo = stopping.onStop(() => {
    if (interrupted) return context.leave(EXIT.interrupted);
    interrupted = true;
    reporter.say('ending the search with what it has; Ctrl-C again leaves at once.');
    worker.stop();
  });
  try {
    for await (const said of worker.lines()) {
      if ('shrinking' in said) {
        const { executions, operations, stage } = said.shrinking;
        const done = `${formatNumber(executions)} of at most ${formatNumber(most)} executions`;
        reporter.progress(
          `${title}: ${formatNumber(operations)} operations left, trying ${safeText(stage)}, ${done}`,
        );
      } else if ('shrunk' in said) {
        return { smallest: said.shrunk, why: said.why, interrupted };
      }
    }
    throw new Error('the worker ended without a result');
  } finally {
    undo();
    reporter.clear();
    await worker.close();
  }
}
