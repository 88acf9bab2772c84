/** The task to explain: finds out in a worker why a run failed. */
import {
  isLive,
  smallestSchema,
  type TaskEnd,
  type Why,
  type WorkerLine,
} from '../../server/contract/index.ts';
import { startWorker, WorkerError } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import { isStorable, noneFor, type PreparedTask, type Stage, type TaskSignals } from './do-task.ts';
import { type FailedRun, failedRun } from './failed-run.ts';
import { closingAt, type TaskSubject } from './subject.ts';

/** @throws CliError for a run that has not failed, or that cannot be executed again here. */
export async function prepareExplain(
  context: Context,
  subject: TaskSubject,
): Promise<PreparedTask<'explain'>> {
  const { run, connected, flags } = subject;
  const failed = await failedRun(context, flags, run, connected, 'explain');
  return {
    async execute(signals, onStage) {
      const said = await askWorker(context, subject, failed, signals, onStage);
      if (said?.smallest) await connected.api.storeSmallest(run.id, said.smallest);
      // A worker that is told to end may still say what it has.
      return said === null || signals.cancelled.aborted ? null : endOf(said);
    },
    close: () => failed.close(),
  };
}

type Explained = Extract<WorkerLine, { explained: unknown }>;

/** What the worker found out; null when it was stopped. */
async function askWorker(
  context: Context,
  { run, maxSeconds }: TaskSubject,
  { subject }: FailedRun,
  { cancelled, over }: TaskSignals,
  onStage: (stage: Stage) => void,
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
  const stopped = AbortSignal.any([cancelled, over]);
  const close = closingAt(stopped, worker);
  try {
    for await (const said of worker.lines()) {
      if ('explaining' in said) onStage(said.explaining);
      else if ('explained' in said) return said;
    }
    return null;
  } catch (error) {
    if (stopped.aborted) return null;
    if (error instanceof WorkerError) return { explained: null, reason: error.why, smallest: null };
    throw error;
  } finally {
    await close();
  }
}

function endOf({ explained, reason }: Explained): TaskEnd<'explain'> {
  if (explained === null) return noneFor(reason);
  const result = bounded(explained);
  return result === null
    ? noneFor('the explanation is too large to be stored: too much happens in its smallest reproduction')
    : { state: 'ready', result };
}

/** Without the steps that do not matter, where it would be too large with them; null: also without them. */
function bounded(why: Why): Why | null {
  if (isStorable(why)) return why;
  const short = { ...why, steps: why.steps.filter(({ matters }) => matters) };
  return isStorable(short) ? short : null;
}
