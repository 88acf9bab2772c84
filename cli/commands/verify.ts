/** `simcity replay --verify`: executes a run's seed again and holds the two histories against each other. */
import type { GateOrder, Modules, Run, RunEvent, WorkerLine } from '../../server/contract/index.ts';
import { isTerminal } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { cityDatabase, citySubject } from '../hosting/city-database.ts';
import { connectForReading } from '../hosting/connect.ts';
import { refuseOtherGeneration } from '../hosting/generation.ts';
import { recallGate, recallModules } from '../hosting/modules.ts';
import { startWorker } from '../hosting/worker.ts';
import { partingText } from '../output/parting.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { type Comparison, compareHistories, type Parting } from '../run/compare-histories.ts';
import { formatNumber } from '../run/format.ts';
import { isBrokenOff } from '../run/outcome.ts';
import { classOfParting } from '../run/parting-class.ts';
import { renamedText } from '../run/proof.ts';
import { runName } from '../run/run-name.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { storedEvents } from '../run/stored-events.ts';
import { refuseLoss } from './refuse-loss.ts';

export interface VerifyFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

/** Exit code 0: the same history; 1: another one. */
export async function verify(context: Context, runId: string, flags: VerifyFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  const run = await connected.api.run(runId);
  if (!isTerminal(run.status)) {
    throw usageError(
      `run ${runName(run)} has not ended: it is ${run.status}.`,
      `\`simcity stop ${run.number}\` ends it.`,
    );
  }
  refuseLoss(run, 'verify');
  refuseOtherGeneration(run);
  const gated = recallGate(context, flags, run) ?? {};
  const database = await cityDatabase(context, flags, citySubject(run), connected);
  const modules = recallModules(context, flags, run);
  const own = { ...gated, targetUrl: database.url, modules };
  const comparison = await executeAndCompare(context, connected.api, run, own);
  await database.close();
  await connected.hosted?.close();
  return await report(context, run, comparison, flags);
}

async function executeAndCompare(
  context: Context,
  api: Api,
  run: Run,
  own: { targetUrl: string | null; modules: Modules | undefined; exec?: string; gate?: GateOrder },
): Promise<Comparison> {
  const { scenario, target, seed } = run;
  // Wall time decides how far a run gets, never what happens on the way.
  const config = { ...run.config, durationSeconds: null, rate: null };
  const worker = startWorker(context, {
    do: 'execute',
    ...{ scenario, target, seed, config, ...own },
  });
  try {
    const unfinished = endingNotDecidedBySeed(run);
    return await compareHistories(
      decidedBySeed(
        storedEvents((query) => api.events(run.id, query)),
        unfinished,
      ),
      eventsOf(worker.lines()),
      {
        leftIsPrefix: unfinished.length > 0,
        isGated: run.config.gate !== null,
      },
    );
  } finally {
    await worker.close();
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

async function* eventsOf(lines: AsyncIterable<WorkerLine>): AsyncGenerator<RunEvent> {
  for await (const line of lines) if ('event' in line) yield line.event;
}

/** Null when it came to its own end. */
function whatEndedIt(run: Run): string | null {
  if (endingNotDecidedBySeed(run).length === 0) return null;
  return run.status === 'STOPPED' ? 'it was stopped' : 'its harness ended';
}

async function report(
  context: Context,
  run: Run,
  comparison: Comparison,
  flags: VerifyFlags,
): Promise<number> {
  const { common, renamed } = comparison;
  const limitedByTime = run.config.durationSeconds !== null && timeLimitReached(comparison);
  const identical = comparison.parting === null || limitedByTime;
  const limit = limitedByTime ? 'its time was up' : whatEndedIt(run);
  const versions = changedVersions(comparison);
  if (flags.json) {
    const parting = identical ? null : comparison.parting;
    const kind = renamed === null || parting === null ? {} : classOfParting(parting);
    const told = { run: run.id, seed: run.seed, identical, common, endedBy: limit, versions, parting };
    await context.out(`${safeJson({ ...told, ...(renamed === null ? {} : { renamed, ...kind }) }, 2)}\n`);
  } else {
    for (const { name, recorded, executed } of versions) {
      context.err(`simcity: ${safeText(name)} was ${safeText(recorded)} and is ${safeText(executed)} now.\n`);
    }
    const style = styleFor(wantsColor(context, 'stdout'));
    const until = limit === null ? '' : ` up to where ${limit}`;
    const parting = identical ? null : comparison.parting;
    await context.out(
      parting === null
        ? `${style.green('identical')}, ${formatNumber(common)} events${until} (seed ${run.seed}${renamedText(renamed)})\n`
        : `${partingText(parting, ['recorded', 'executed'], style)}\n${renamed === null ? '' : classText(parting)}`,
    );
  }
  return identical ? EXIT.pass : EXIT.fail;
}

function classText(parting: Parting): string {
  const { class: kind, advice } = classOfParting(parting);
  return `\nIts class: ${kind}. ${advice}\n`;
}

/** With a limit of wall time, a run heals when the time is up; from there on the seed alone does not decide. */
function timeLimitReached({ parting, healedAt }: Comparison): boolean {
  return parting !== null && (healedAt !== null || parting.left?.type === 'heal');
}

interface ChangedVersion {
  name: string;
  recorded: string;
  executed: string;
}

function changedVersions({ leftStart, rightStart }: Comparison): ChangedVersion[] {
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
