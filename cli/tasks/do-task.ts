/** Has a task done: asks for it, works at it under its lease here, and stores what comes of it. */
import { randomUUID } from 'node:crypto';
import {
  type Run,
  TASK_LIMIT_BYTES,
  type Task,
  type TaskEnd,
  type TaskKind,
  type TaskProgress,
} from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { pause } from '../client/pause.ts';
import type { Context } from '../process/context.ts';
import { CliError } from '../process/errors.ts';

/** How far it is, but for the time. */
export type Stage = Pick<TaskProgress, 'stage' | 'executions'> & { operations?: number };

/** When to stop. */
export interface TaskSignals {
  /** Aborted to come to an end, with what there is if that is something. */
  cancelled: AbortSignal;
  /** Aborted once nothing can be stored any more: the lease is lost, or the process leaves. */
  over: AbortSignal;
}

/** All that it takes to execute it here. */
export interface PreparedTask<Kind extends TaskKind> {
  /** Null: it was stopped, and there is nothing to store. */
  execute(signals: TaskSignals, onStage: (stage: Stage) => void): Promise<TaskEnd<Kind> | null>;
  /** Takes down what was started for it. */
  close(): Promise<void>;
}

export interface TaskOrder<Kind extends TaskKind> {
  api: Api;
  run: Run;
  kind: Kind;
  /** Also when it is done already. */
  again: boolean;
  /** Only called when it has to be; its errors are the caller's. */
  prepare: () => Promise<PreparedTask<Kind>>;
  /** How far it is; null: it waits for somebody. */
  onProgress: (progress: TaskProgress | null) => void;
  /** Aborted to cancel it. */
  cancelled: AbortSignal;
}

/** The lease is renewed, and what is done is told, this often in ms. */
const RENEW_EVERY_MS = 1_000;
/** While another works at it. */
const LOOK_EVERY_MS = 500;
const LONGEST_REASON = 2_000;

/**
 * The task as it is stored in the end; `none` with the reason `cancelled` when it was cancelled. Where another
 * process works at it already, that one is waited for; it is taken over when the other vanishes.
 */
export async function doTask<Kind extends TaskKind>(
  context: Context,
  order: TaskOrder<Kind>,
): Promise<Task<Kind>> {
  const { api, run, kind, again, cancelled } = order;
  const known = again ? null : await api.task(run.id, kind);
  if (known?.state === 'ready') return known;
  const prepared = await order.prepare();
  try {
    let task = await api.askTask(run.id, kind, { again });
    while (task.state === 'pending' && !cancelled.aborted) {
      const holder = randomUUID();
      if ((await api.leaseTask(run.id, kind, { holder })) !== null) {
        return await workAtIt(context, order, prepared, holder);
      }
      order.onProgress(task.progress);
      await pause(LOOK_EVERY_MS, AbortSignal.any([cancelled, context.leaving]));
      task = await current(order);
    }
    return task;
  } finally {
    await prepared.close();
  }
}

/** Stores why a task is not done at all, for whoever waits for it. */
export async function declineTask(api: Api, run: Run, kind: TaskKind, reason: string): Promise<void> {
  const holder = randomUUID();
  await api.askTask(run.id, kind);
  if ((await api.leaseTask(run.id, kind, { holder })) === null) return;
  await api.endTask(run.id, kind, holder, noneFor(reason));
}

/** The end of a task of which nothing came. */
export function noneFor(reason: string): { state: 'none'; reason: string } {
  return {
    state: 'none',
    reason: reason.slice(0, LONGEST_REASON).toWellFormed() || 'nothing was found out',
  };
}

/** What is sent besides. */
const ENVELOPE_BYTES = 1_024;

/** Whether a result is small enough to be stored. */
export function isStorable(result: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(result)) <= TASK_LIMIT_BYTES - ENVELOPE_BYTES;
}

async function workAtIt<Kind extends TaskKind>(
  context: Context,
  order: TaskOrder<Kind>,
  prepared: PreparedTask<Kind>,
  holder: string,
): Promise<Task<Kind>> {
  const { api, run, kind, cancelled } = order;
  const lost = new AbortController();
  const done = new AbortController();
  const began = performance.now();
  let newest: TaskProgress | null = null;
  const renewing = renew(order, holder, () => newest, lost, done.signal);
  try {
    const over = AbortSignal.any([lost.signal, context.leaving]);
    const end = await prepared.execute({ cancelled, over }, ({ operations = null, ...stage }) => {
      newest = { ...stage, operations, seconds: Math.floor((performance.now() - began) / 1_000) };
      order.onProgress(newest);
    });
    if (end === null) return cancelled.aborted ? await cancel(order) : await current(order);
    return (await api.endTask(run.id, kind, holder, end)) ?? (await current(order));
  } finally {
    done.abort();
    await renewing;
  }
}

/** Keeps the lease until `done`; aborts `lost` once it is. A server that is away for a while is no reason to stop. */
async function renew<Kind extends TaskKind>(
  { api, run, kind }: TaskOrder<Kind>,
  holder: string,
  progress: () => TaskProgress | null,
  lost: AbortController,
  done: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(RENEW_EVERY_MS, done);
    if (done.aborted) return;
    const lease = { holder, renews: true, progress: progress() };
    const held = await api.leaseTask(run.id, kind, lease).catch((error: unknown) => {
      if (error instanceof CliError) return undefined;
      throw error;
    });
    if (held === null && !done.aborted) return lost.abort();
  }
}

/** It may have become ready, or been cancelled by another, meanwhile. */
async function cancel<Kind extends TaskKind>(order: TaskOrder<Kind>): Promise<Task<Kind>> {
  try {
    return await order.api.cancelTask(order.run.id, order.kind);
  } catch (error) {
    if (!(error instanceof CliError) || error.cause !== 'invalid_request') throw error;
    return current(order);
  }
}

async function current<Kind extends TaskKind>({ api, run, kind }: TaskOrder<Kind>): Promise<Task<Kind>> {
  return (await api.task(run.id, kind)) ?? { state: 'none', reason: 'the run was removed' };
}
