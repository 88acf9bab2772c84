/** `simcity shrink`: finds a smallest part of a failed run that still fails the same way. */
import { isServiceTarget, type Modules, type Smallest } from '../../server/contract/index.ts';
import { type CampaignReporter, lineReporter } from '../campaign/reporter.ts';
import { cityDatabase } from '../hosting/city-database.ts';
import { connectForReading } from '../hosting/connect.ts';
import { refuseOtherGeneration } from '../hosting/generation.ts';
import { startLab } from '../hosting/lab.ts';
import { recallExec, recallModules } from '../hosting/modules.ts';
import { smallestText } from '../output/smallest.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { formatNumber, shortId } from '../run/format.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { refuseBrokenOff, refuseLoss } from './refuse-loss.ts';

interface ShrinkFlags {
  maxExecutions?: number;
  maxTime?: number;
  server?: string;
  dataDir?: string;
  json?: true;
}

/** What is to be made small. */
export interface ShrinkRequest {
  scenario: string;
  target: string;
  seed: number;
  config: Smallest['config'];
  targetUrl: string | null;
  /** Files of the user's that it executes. */
  modules: Modules | undefined;
  /** The command that starts the service. */
  exec?: string | null;
  maxExecutions: number | undefined;
  maxSeconds: number | undefined;
  /** For the progress line. */
  title: string;
  /** Tells the progress; lines on stderr by default. */
  reporter?: CampaignReporter;
}

/** On `memory` an execution takes about a millisecond; on a database it builds a city. */
const DEFAULT_EXECUTIONS = { memory: 5_000, service: 600, database: 1_000 };
const DEFAULT_SECONDS = 600;
const CONFIRMATIONS = 20;

export async function shrink(context: Context, runId: string, flags: ShrinkFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  const { api } = connected;
  const run = await api.run(runId);
  refuseLoss(run, 'shrink');
  if (run.status !== 'FAIL') {
    throw usageError(
      `run ${run.id} has not failed: it is ${run.status}.`,
      '`simcity runs --status FAIL` lists those that have.',
    );
  }
  refuseBrokenOff(run, 'shrink');
  refuseOtherGeneration(run);
  const database = isServiceTarget(run.target)
    ? { url: null, close: async () => {} }
    : await cityDatabase(context, flags, run.target, connected);
  const { scenario, target, seed, config } = run;
  const { smallest, why, interrupted } = await shrinkSeed(context, {
    ...{ scenario, target, seed, config, targetUrl: database.url },
    modules: recallModules(context, flags, run),
    exec: recallExec(context, flags, run),
    maxExecutions: flags.maxExecutions,
    maxSeconds: flags.maxTime,
    title: `run ${shortId(run.id)}`,
  });
  await database.close();
  if (smallest) await api.storeSmallest(run.id, smallest);
  await connected.hosted?.close();
  if (!smallest) {
    throw new CliError(`run ${run.id} cannot be made small: ${safeText(why)}.`, {
      exitCode: EXIT.fail,
      hint: `\`simcity replay ${run.id} --verify\` shows whether it can be executed again alike.`,
    });
  }
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(flags.json ? `${safeJson(smallest, 2)}\n` : `${smallestText(smallest, style)}\n`);
  return interrupted ? EXIT.interrupted : EXIT.pass;
}

export interface ShrinkOutcome {
  smallest: Smallest | null;
  /** Why there is none. */
  why: string;
  /** True when Ctrl-C ended the search before its time. */
  interrupted: boolean;
}

/** The first Ctrl-C ends the search with what it has, the second leaves. */
export async function shrinkSeed(context: Context, request: ShrinkRequest): Promise<ShrinkOutcome> {
  const { title, maxExecutions, maxSeconds, reporter = lineReporter(context), ...subject } = request;
  const kind =
    request.target === 'memory' ? 'memory' : isServiceTarget(request.target) ? 'service' : 'database';
  const standard = DEFAULT_EXECUTIONS[kind];
  const most = maxExecutions ?? standard;
  const lab = startLab(context, {
    do: 'shrink',
    ...subject,
    maxExecutions: most,
    maxSeconds: maxSeconds ?? DEFAULT_SECONDS,
    confirmations: CONFIRMATIONS,
  });
  let interrupted = false;
  const undo = context.onSignal(() => {
    if (interrupted) return context.leave(EXIT.interrupted);
    interrupted = true;
    reporter.say('ending the search with what it has; Ctrl-C again leaves at once.');
    lab.stop();
  });
  try {
    for await (const said of lab.lines()) {
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
    throw new Error('the laboratory ended without a result');
  } finally {
    undo();
    reporter.clear();
    await lab.close();
  }
}
