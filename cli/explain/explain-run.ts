/** Has a failure explained: asks for it, works at it under its lease in a worker here, and stores what comes of it. */
import { randomUUID } from 'node:crypto';
import {
  EXPLANATION_LIMIT_BYTES,
  type ExplainProgress,
  type Explanation,
  type ExplanationResult,
  isLive,
  type Run,
  smallestSchema,
  type Why,
  type WorkerLine,
} from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { pause } from '../client/pause.ts';
import { startWorker, WorkerError } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import { CliError } from '../process/errors.ts';
import type { FailedRun } from './failed-run.ts';

export interface ExplainRequest {
  api: Api;
  run: Run;
  /** Also when it is known already. */
  again: boolean;
  /** For making small and explaining together. */
  maxSeconds: number;
  /** What is executed again. Only called when it has to be; its errors are the caller's. */
  failed: () => Promise<FailedRun>;
  /** How far it is; null: it waits for somebody. */
  onProgress: (progress: ExplainProgress | null) => void;
  /** Aborted to cancel it. */
  cancelled: AbortSignal;
}

/** The lease is renewed, and what is done is told, this often in ms. */
const RENEW_EVERY_MS = 1_000;
/** While another works at it. */
const LOOK_EVERY_MS = 500;
const LONGEST_REASON = 2_000;

/**
 * The explanation as it is stored in the end; `none` with the reason `cancelled` when it was cancelled. Where another
 * process works at it already, that one is waited for; it is taken over when the other vanishes.
 */
export async function explainRun(context: Context, request: ExplainRequest): Promise<Explanation> {
  const { api, run, again, cancelled } = request;
  const known = again ? null : await api.explanation(run.id);
  if (known?.state === 'ready') return known;
  const failed = await request.failed();
  try {
    let explanation = await api.askExplanation(run.id, { again });
    while (explanation.state === 'pending' && !cancelled.aborted) {
      const holder = randomUUID();
      if ((await api.leaseExplanation(run.id, { holder })) !== null) {
        return await workAtIt(context, request, failed, holder);
      }
      request.onProgress(explanation.progress);
      await pause(LOOK_EVERY_MS, AbortSignal.any([cancelled, context.leaving]));
      explanation = await current(api, run);
    }
    return explanation;
  } finally {
    await failed.close();
  }
}

/** Stores why a failure is not explained at all, for whoever waits for it. */
export async function declineExplanation(api: Api, run: Run, reason: string): Promise<void> {
  const holder = randomUUID();
  await api.askExplanation(run.id);
  if ((await api.leaseExplanation(run.id, { holder })) === null) return;
  await api.storeExplanation(run.id, holder, noneFor(reason));
}

async function workAtIt(
  context: Context,
  request: ExplainRequest,
  failed: FailedRun,
  holder: string,
): Promise<Explanation> {
  const { api, run, cancelled } = request;
  const over = new AbortController();
  const stopped = AbortSignal.any([cancelled, over.signal]);
  const done = new AbortController();
  let newest: ExplainProgress | null = null;
  const renewing = renew(request, holder, () => newest, over, done.signal);
  try {
    const said = await askWorker(context, request, failed, stopped, (progress) => {
      newest = progress;
      request.onProgress(progress);
    });
    if (said?.smallest) await api.storeSmallest(run.id, said.smallest);
    if (cancelled.aborted) return await cancel(api, run);
    if (said === null) return await current(api, run);
    const stored = await api.storeExplanation(run.id, holder, resultOf(said));
    return stored ?? (await current(api, run));
  } finally {
    done.abort();
    await renewing;
  }
}

/** Keeps the lease until `done`; aborts `over` once it is lost. A server that is away for a while is no reason to stop. */
async function renew(
  { api, run }: ExplainRequest,
  holder: string,
  progress: () => ExplainProgress | null,
  over: AbortController,
  done: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(RENEW_EVERY_MS, done);
    if (done.aborted) return;
    const lease = { holder, renews: true, progress: progress() };
    const held = await api.leaseExplanation(run.id, lease).catch((error: unknown) => {
      if (error instanceof CliError) return undefined;
      throw error;
    });
    if (held === null && !done.aborted) return over.abort();
  }
}

type Explained = Extract<WorkerLine, { explained: unknown }>;

/** What the worker found out; null when it was stopped. */
async function askWorker(
  context: Context,
  { run, maxSeconds }: ExplainRequest,
  { subject }: FailedRun,
  stopped: AbortSignal,
  onProgress: (progress: ExplainProgress) => void,
): Promise<Explained | null> {
  const smallest = smallestSchema.safeParse(run.failForensic?.smallest);
  const worker = startWorker(context, {
    do: 'explain',
    ...subject,
    smallest: smallest.success ? smallest.data : null,
    // Such a run is told from what it recorded: its order cannot be repeated.
    forensic: isLive(run.target, run.config) ? run.failForensic : null,
    maxSeconds,
  });
  const stop = () => void worker.close();
  if (stopped.aborted) stop();
  else stopped.addEventListener('abort', stop, { once: true });
  try {
    for await (const said of worker.lines()) {
      if ('explaining' in said) onProgress(said.explaining);
      else if ('explained' in said) return said;
    }
    return null;
  } catch (error) {
    if (stopped.aborted) return null;
    if (error instanceof WorkerError) return { explained: null, reason: error.why, smallest: null };
    throw error;
  } finally {
    stopped.removeEventListener('abort', stop);
    await worker.close();
  }
}

function resultOf({ explained, reason }: Explained): ExplanationResult {
  if (explained === null) return noneFor(reason);
  const why = bounded(explained);
  return why === null
    ? noneFor('the explanation is too large to be stored: too much happens in its smallest reproduction')
    : { state: 'ready', why };
}

function noneFor(reason: string): ExplanationResult {
  return { state: 'none', reason: reason.slice(0, LONGEST_REASON).toWellFormed() || 'nothing was found out' };
}

/** What is sent besides. */
const ENVELOPE_BYTES = 1_024;

/** Without the steps that do not matter, where it would be too large with them; null: also without them. */
function bounded(why: Why): Why | null {
  const fits = (each: Why) =>
    Buffer.byteLength(JSON.stringify(each)) <= EXPLANATION_LIMIT_BYTES - ENVELOPE_BYTES;
  if (fits(why)) return why;
  const short = { ...why, steps: why.steps.filter(({ matters }) => matters) };
  return fits(short) ? short : null;
}

/** It may have become ready, or been cancelled by another, meanwhile. */
async function cancel(api: Api, run: Run): Promise<Explanation> {
  try {
    return await api.cancelExplanation(run.id);
  } catch (error) {
    if (!(error instanceof CliError) || error.cause !== 'invalid_request') throw error;
    return current(api, run);
  }
}

async function current(api: Api, run: Run): Promise<Explanation> {
  return (await api.explanation(run.id)) ?? { state: 'none', reason: 'the run was removed' };
}
