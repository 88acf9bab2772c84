/** The task to shrink: finds a smallest part of a failed run, and stores it with the run's bundle. */
import { WorkerError } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import { noneFor, type PreparedTask } from './do-task.ts';
import { failedRun } from './failed-run.ts';
import { shrinkSeed } from './shrink-seed.ts';
import type { TaskSubject } from './subject.ts';

interface ShrinkSubject extends TaskSubject {
  maxExecutions?: number | undefined;
  /** Called when it was an execution itself that went wrong, not the search. */
  onBroken?: () => void;
}

/** @throws CliError for a run that has not failed, or that cannot be executed again here. */
export async function prepareShrink(
  context: Context,
  { run, connected, flags, maxSeconds, maxExecutions, onBroken }: ShrinkSubject,
): Promise<PreparedTask<'shrink'>> {
  const failed = await failedRun(context, flags, run, connected, 'shrink');
  return {
    async execute(signals, onStage) {
      const request = { ...failed.subject, maxExecutions, maxSeconds };
      const outcome = await shrinkSeed(context, request, signals, onStage).catch((error: unknown) => {
        if (!(error instanceof WorkerError)) throw error;
        onBroken?.();
        return { smallest: null, why: error.why };
      });
      if (outcome === null) return null;
      if (outcome.smallest === null) return noneFor(outcome.why);
      await connected.api.storeSmallest(run.id, outcome.smallest);
      const { operations, operationsBefore, minimal, executions, seconds } = outcome.smallest;
      return { state: 'ready', result: { operations, operationsBefore, minimal, executions, seconds } };
    },
    close: () => failed.close(),
  };
}
