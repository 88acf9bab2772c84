/** The task to verify: executes a run's seed again in a worker, and holds the two histories against each other. */
import {
  type GateOrder,
  isTerminal,
  type Modules,
  type Run,
  type RunEvent,
  type Verified,
  type WorkerLine,
} from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { refuseLoss } from '../commands/refuse-loss.ts';
import { cityDatabase, citySubject } from '../hosting/city-database.ts';
import { refuseOtherGeneration } from '../hosting/generation.ts';
import { recallGate, recallModules } from '../hosting/modules.ts';
import { startWorker, WorkerError } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { type Comparison, compareHistories } from '../run/compare-histories.ts';
import { formatNumber } from '../run/format.ts';
import { isBrokenOff } from '../run/outcome.ts';
import { classOfParting } from '../run/parting-class.ts';
import { runName } from '../run/run-name.ts';
import { storedEvents } from '../run/stored-events.ts';
import { isStorable, noneFor, type PreparedTask, type Stage, type TaskSignals } from './do-task.ts';
import { closingAt, type TaskSubject } from './subject.ts';

/** @throws CliError for a run that has not ended, or that cannot be executed again here. */
export async function prepareVerify(
  context: Context,
  { run, connected, flags }: Omit<TaskSubject, 'maxSeconds'>,
): Promise<PreparedTask<'verify'>> {
  refuseUnended(run);
  refuseLoss(run, 'verify');
  refuseOtherGeneration(run);
  const gated = recallGate(context, flags, run) ?? {};
  const modules = recallModules(context, flags, run);
  const database = await cityDatabase(context, flags, citySubject(run), connected);
  const own = { ...gated, targetUrl: database.url, modules };
  return {
    async execute(signals, onStage) {
      const began = performance.now();
      try {
        const comparison = await executeAndCompare(context, connected.api, run, own, signals, onStage);
        if (comparison === null) return null;
        return { state: 'ready', result: bounded(verifiedOf(run, comparison, began)) };
      } catch (error) {
        if (error instanceof WorkerError) return noneFor(error.why);
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function refuseUnended(run: Run): void {
  if (isTerminal(run.status)) return;
  throw usageError(
    `run ${runName(run)} has not ended: it is ${run.status}.`,
    `\`simcity stop ${run.number}\` ends it.`,
  );
}

/** Null when it was stopped. */
async function executeAndCompare(
  context: Context,
  api: Api,
  run: Run,
  own: { targetUrl: string | null; modules: Modules | undefined; exec?: string; gate?: GateOrder },
  { cancelled, over }: TaskSignals,
  onStage: (stage: Stage) => void,
): Promise<Comparison | null> {
  const { scenario, target, seed } = run;
  // Wall time decides how far a run gets, never what happens on the way.
  const config = { ...run.config, durationSeconds: null, rate: null };
  const worker = startWorker(context, {
    do: 'execute',
    ...{ scenario, target, seed, config, ...own },
  });
  const stopped = AbortSignal.any([cancelled, over]);
  const close = closingAt(stopped, worker);
  try {
    const unfinished = endingNotDecidedBySeed(run);
    const executed = eventsOf(worker.lines(), onStage);
    const comparison = await compareHistories(
      decidedBySeed(
        storedEvents((query) => api.events(run.id, query)),
        unfinished,
      ),
      executed,
      {
        leftIsPrefix: unfinished.length > 0,
        isGated: run.config.gate !== null,
      },
    );
    return stopped.aborted ? null : comparison;
  } catch (error) {
    if (stopped.aborted) return null;
    throw error;
  } finally {
    await close();
  }
}

/** Types of the events with which something other than the seed ended the run. */
function endingNotDecidedBySeed(run: Run): string[] {
  if (run.status === 'STOPPED') return ['end'];
  return run.failForensic !== null && isBrokenOff(run.failForensic) ? ['violation', 'end'] : [];
}

/** A run ends with one `end`, and breaks once, so that the first of these types is where its ending begins. */
async function* decidedBySeed(events: AsyncIterable<RunEvent>, ending: string[]): AsyncGenerator<RunEvent> {
  for await (const event of events) {
    if (ending.includes(event.type)) return;
    yield event;
  }
}

/** It is told how far it is after each of so many events. */
const TOLD_EVERY = 100;

async function* eventsOf(
  lines: AsyncIterable<WorkerLine>,
  onStage: (stage: Stage) => void,
): AsyncGenerator<RunEvent> {
  for await (const line of lines) {
    if (!('event' in line)) continue;
    const { index } = line.event;
    if (index % TOLD_EVERY === 0)
      onStage({ stage: `${formatNumber(index)} events alike so far`, executions: 1 });
    yield line.event;
  }
}

/** `began`: by the clock of `performance`, in ms. */
function verifiedOf(run: Run, comparison: Comparison, began: number): Verified {
  const { common, renamed } = comparison;
  const limitedByTime = run.config.durationSeconds !== null && timeLimitReached(comparison);
  const parting = limitedByTime ? null : comparison.parting;
  return {
    identical: parting === null,
    common,
    endedBy: limitedByTime ? 'its time was up' : whatEndedIt(run),
    versions: changedVersions(comparison),
    parting,
    renamed,
    difference: renamed === null || parting === null ? null : classOfParting(parting),
    seconds: (performance.now() - began) / 1_000,
  };
}

/** Without what is around the event that differs, where it would be too large with it. */
function bounded(verified: Verified): Verified {
  if (verified.parting === null || isStorable(verified)) return verified;
  return { ...verified, parting: { ...verified.parting, before: [], leftAfter: [], rightAfter: [] } };
}

/** Null when it came to its own end. */
function whatEndedIt(run: Run): string | null {
  if (endingNotDecidedBySeed(run).length === 0) return null;
  return run.status === 'STOPPED' ? 'it was stopped' : 'its harness ended';
}

/** With a limit of wall time, a run heals when the time is up; from there on the seed alone does not decide. */
function timeLimitReached({ parting, healedAt }: Comparison): boolean {
  return parting !== null && (healedAt !== null || parting.left?.type === 'heal');
}

function changedVersions({ leftStart, rightStart }: Comparison): Verified['versions'] {
  const recorded = versionsOf(leftStart);
  const executed = versionsOf(rightStart);
  return Object.keys({ ...recorded, ...executed })
    .filter((name) => recorded[name] !== executed[name])
    .map((name) => ({
      name,
      recorded: String(recorded[name] ?? 'unknown'),
      executed: String(executed[name] ?? 'unknown'),
    }));
}

function versionsOf(start: RunEvent | null): Record<string, unknown> {
  const versions = start?.data['versions'];
  return typeof versions === 'object' && versions !== null ? (versions as Record<string, unknown>) : {};
}
