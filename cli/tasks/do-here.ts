/** A task as a command does it: how far it is on stderr; Ctrl-C cancels it, and again leaves. */
import type { Task, TaskKind } from '../../server/contract/index.ts';
import { progressLine } from '../output/progress-line.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { progressWords } from '../run/task-words.ts';
import { doTask, type TaskOrder } from './do-task.ts';

interface HereOrder<Kind extends TaskKind> extends Omit<TaskOrder<Kind>, 'onProgress' | 'cancelled'> {
  /** What Ctrl-C does. */
  cancelling: string;
}

/** `interrupted`: Ctrl-C came. */
export async function doHere<Kind extends TaskKind>(
  context: Context,
  { cancelling, ...order }: HereOrder<Kind>,
): Promise<{ task: Task<Kind>; interrupted: boolean }> {
  const line = progressLine(context);
  const cancelled = new AbortController();
  const undo = context.onSignal(() => {
    if (cancelled.signal.aborted) return context.leave(EXIT.interrupted);
    line.clear();
    context.err(`simcity: ${cancelling}; Ctrl-C again leaves at once.\n`);
    cancelled.abort();
  });
  try {
    const task = await doTask(context, {
      ...order,
      onProgress: (progress) =>
        line.show(`run ${runName(order.run)}: ${progressWords(order.kind, progress)}`),
      cancelled: cancelled.signal,
    });
    return { task, interrupted: cancelled.signal.aborted };
  } finally {
    undo();
    line.clear();
  }
}
