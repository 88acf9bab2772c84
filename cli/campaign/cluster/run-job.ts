/** Makes a Job, follows it, and deletes it at its end, or when nobody wants it any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job } from '@kubernetes/client-node';
import type { Cluster } from '../../../server/contract/kubernetes/cluster.ts';
import { deleteJob } from '../../../server/contract/kubernetes/delete-job.ts';
import type { Context } from '../../process/context.ts';
import { CliError, EXIT, messageOf } from '../../process/errors.ts';
import { safeLines } from '../../run/sanitize.ts';
import { followJob, type JobEnd, type JobProgress } from './follow-job.ts';
import { STOP_GRACE_SECONDS } from './indexed-job.ts';

export interface JobRun {
  /** Aborted when somebody stops it. */
  stopped: AbortSignal;
  progress(progress: JobProgress): void;
  /** What a pod printed that is through. */
  printed(log: string): void;
}

const POLL_MS = 1_000;

/** Returns its name. @throws CliError for what the cluster refuses. */
export async function makeJob({ batch, namespace }: Cluster, body: V1Job): Promise<string> {
  try {
    const job = await batch.createNamespacedJob({ namespace, body });
    return job.metadata?.name ?? '';
  } catch (error) {
    throw refused(error);
  }
}

/** Follows it, and deletes it at its end, or when this process leaves. Null: it was stopped. @throws CliError */
export async function runJob(
  context: Context,
  cluster: Cluster,
  name: string,
  { stopped, progress, printed }: JobRun,
): Promise<JobEnd | null> {
  const end = () =>
    deleteJob(cluster, name, { graceSeconds: STOP_GRACE_SECONDS, pause: () => sleep(POLL_MS) });
  const forget = context.atExit(end);
  try {
    return await followJob(cluster, name, {
      ...{ progress, printed },
      pause: () => sleep(POLL_MS, undefined, { signal: stopped }),
    });
  } catch (error) {
    if (stopped.aborted) return null;
    throw refused(error);
  } finally {
    await end();
    forget();
  }
}

/** What the API said, or why it could not be asked. */
function refused(error: unknown): CliError {
  const { body, cause } = error as { body?: unknown; cause?: unknown };
  const text = messageIn(body) ?? messageOf(cause instanceof Error ? cause : error);
  return new CliError(`the cluster does not do it: ${safeLines(text.slice(0, 500))}`, {
    exitCode: EXIT.unreachable,
    hint: 'It is the one that kubectl talks to: KUBECONFIG, its context, and SIMCITY_NAMESPACE.',
    cause: error,
  });
}

/** Of an answer of the API, which is a Status, as JSON. */
function messageIn(body: unknown): string | null {
  try {
    const status: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    const { message } = (status ?? {}) as { message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}
