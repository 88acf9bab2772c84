/** Does the tasks that others ask for, such as in the browser: one after another, as long as a host of runners is there. */
import type { Task, TaskKind, WaitingTasks } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { CliError, messageOf } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';
import { declineBisect } from './bisect.ts';
import { declineTask, doTask, type PreparedTask } from './do-task.ts';
import { prepareExplain } from './explain.ts';
import { prepareShrink } from './shrink.ts';
import type { TaskSubject } from './subject.ts';
import { prepareVerify } from './verify.ts';

export interface AskedTasks {
  connected: Connected;
  flags: ServerFlags;
  /** Told what is begun and what came of it, a sentence each. */
  progress: (message: string) => void;
}

const LOOK_EVERY_MS = 1_000;
/** A server that does not answer, or that lets this process not in, is asked less often. */
const AFTER_ERROR_MS = 10_000;
/** For one task; explaining makes small first. */
const MOST_SECONDS = 600;

type Prepare<Kind extends TaskKind> = (context: Context, subject: TaskSubject) => Promise<PreparedTask<Kind>>;
const PREPARE: { [Kind in TaskKind]: Prepare<Kind> } = {
  explain: prepareExplain,
  shrink: prepareShrink,
  verify: prepareVerify,
  bisect: declineBisect,
};

const WORDS: Record<TaskKind, { doing: string; done: string }> = {
  explain: { doing: 'explaining', done: 'explained' },
  shrink: { doing: 'shrinking', done: 'made small' },
  verify: { doing: 'executing again', done: 'executed again' },
  bisect: { doing: 'bisecting', done: 'bisected' },
};

/** Works until `left` is aborted. Never rejects with what a server or a run did wrong. */
export async function doAskedTasks(
  context: Context,
  asked: AskedTasks,
  left: AbortSignal = context.leaving,
): Promise<void> {
  const { api } = asked.connected;
  const over = new Promise<null>((resolve) => left.addEventListener('abort', () => resolve(null)));
  while (!left.aborted) {
    // A server that is away must not keep anybody from leaving.
    const waiting = await Promise.race([api.waitingTasks(1).catch(expected), over]);
    const task = waiting?.tasks[0];
    if (task !== undefined && !left.aborted) await doOne(context, asked, task, left);
    await pause(waiting === null ? AFTER_ERROR_MS : LOOK_EVERY_MS, left);
  }
}

/** Works as long as a screen of a process that hosts is open; what is under way when it closes is cancelled. */
export async function withAskedTasks<Shown>(
  context: Context,
  asked: Omit<AskedTasks, 'progress'>,
  show: () => Promise<Shown>,
): Promise<Shown> {
  const closed = new AbortController();
  const left = AbortSignal.any([closed.signal, context.leaving]);
  const working = doAskedTasks(context, { ...asked, progress: () => {} }, left);
  try {
    return await show();
  } finally {
    closed.abort();
    await working;
  }
}

async function doOne(
  context: Context,
  { connected, flags, progress }: AskedTasks,
  { runId, kind }: WaitingTasks['tasks'][number],
  left: AbortSignal,
): Promise<void> {
  const { api } = connected;
  const run = await api.run(runId).catch(expected);
  if (run === null || (await api.task(runId, kind).catch(expected))?.state !== 'pending') return;
  const { doing, done } = WORDS[kind];
  progress(`${doing} run ${runName(run)}, as it was asked for`);
  try {
    const subject = { connected, flags, run, maxSeconds: MOST_SECONDS };
    const task = await execute(context, subject, kind, left);
    progress(`run ${runName(run)} is ${cameOf(task, done)}`);
  } catch (error) {
    if (context.leaving.aborted) return;
    expected(error);
    progress(`run ${runName(run)} is not ${done}: ${safeText(messageOf(error))}`);
    await declineTask(api, run, kind, messageOf(error)).catch(expected);
  }
}

function execute<Kind extends TaskKind>(
  context: Context,
  subject: TaskSubject,
  kind: Kind,
  left: AbortSignal,
): Promise<Task<Kind>> {
  return doTask(context, {
    ...{ api: subject.connected.api, run: subject.run, kind },
    again: false,
    prepare: () => PREPARE[kind](context, subject),
    onProgress: () => {},
    // Whoever asked gives it up by the resource. A process that leaves makes no calls any more: it stays asked for.
    cancelled: left,
  });
}

function cameOf(task: Task, done: string): string {
  if (task.state === 'ready') return done;
  return task.state === 'none' ? `not ${done}: ${safeText(task.reason)}` : `not ${done} by this process`;
}

/** Null for what a server or a run may do wrong. @throws all else: mistakes of ours. */
function expected(error: unknown): null {
  if (error instanceof CliError) return null;
  throw error;
}
