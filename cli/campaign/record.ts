/** The part of a campaign that executes each distinct failure again, with recording, and makes it small. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatSignature, isTerminal, type Run } from '../../server/contract/index.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { refuseOtherRecord } from '../hosting/generation.ts';
import { launchHere } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import type { Stopping } from '../process/stopping.ts';
import { formatNumber } from '../run/format.ts';
import { isLoss, reasonOf, runOutcome } from '../run/outcome.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';
import { shrinkSeed } from '../tasks/shrink-seed.ts';
import type { Checkpoint, Found } from './checkpoint.ts';
import type { CampaignReporter } from './reporter.ts';

export interface RecordOptions {
  connected: Connected;
  flags: ServerFlags;
  /** True when the runner is hosted here, so that one is sure to come. */
  ownRunner: boolean;
  targetUrl: string | null;
  save: () => void;
  reporter: CampaignReporter;
  stopping: Stopping;
}

const LOOK_EVERY_MS = 100;
/** A run that nobody takes for so long waits for a runner that is not there. */
const UNCLAIMED_MS = 60_000;

/** True when every failure is through; false when it was interrupted. */
export async function recordAll(
  context: Context,
  checkpoint: Checkpoint,
  options: RecordOptions,
): Promise<boolean> {
  for (const found of checkpoint.found) {
    if (found.run === null) {
      options.reporter.say(`recording seed ${found.seed} (${safeText(formatSignature(found.signature))})`);
      await takeRecorded(found, await recorded(context, checkpoint, found, options), options);
    }
    if (found.smallest !== null || found.why !== '') continue;
    if (!(await makeSmall(context, checkpoint, found, options))) return false;
  }
  return true;
}

/** A run that was lost shows nothing of the failure, so that the next start records it anew. */
async function takeRecorded(
  found: Found,
  run: Run,
  { connected, save, reporter }: RecordOptions,
): Promise<void> {
  const outcome = runOutcome(run);
  if (isLoss(outcome)) {
    const why = safeText(run.failForensic?.message ?? reasonOf(run));
    reporter.say(`seed ${found.seed} is not recorded, run ${runName(run)} ended as ${outcome}: ${why}`);
    return;
  }
  found.run = run.id;
  if (found.smallest) await connected.api.storeSmallest(run.id, found.smallest);
  save();
}

async function recorded(
  context: Context,
  { scenario, target, config, name, modules, exec, gate }: Checkpoint,
  { seed }: Found,
  { connected, flags, ownRunner }: RecordOptions,
): Promise<Run> {
  const { api } = connected;
  const launch = { scenario, target, seed, config, campaign: name };
  const code = { modules: modules ?? null, exec: exec ?? undefined, gate };
  const isOwn = code.modules !== null || exec !== null;
  const own = isOwn ? await launchHere(context, connected, flags, launch, code, () => {}) : null;
  const launched = own?.run ?? (await api.launch(launch));
  const since = Date.now();
  for (;;) {
    const run = await api.run(launched.id);
    if (isTerminal(run.status)) {
      await own?.close();
      refuseOtherRecord(run);
      return run;
    }
    if (run.status === 'QUEUED' && !ownRunner && Date.now() - since > UNCLAIMED_MS) {
      throw new CliError(
        `run ${runName(run)} waits on ${safeText(api.connection.url)}, and no runner takes it.`,
        {
          exitCode: EXIT.unreachable,
          hint: 'Start one with `simcity runner`, then go on with `simcity campaign --resume`.',
        },
      );
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: context.leaving });
  }
}

async function makeSmall(
  context: Context,
  { scenario, target, config, modules, exec, gate }: Checkpoint,
  found: Found,
  { connected, targetUrl, save, reporter, stopping }: RecordOptions,
): Promise<boolean> {
  const { seed, signature } = found;
  const title = `shrinking seed ${seed} (${safeText(formatSignature(signature))})`;
  const cancelled = new AbortController();
  const undo = stopping.onStop(() => {
    if (cancelled.signal.aborted) return context.leave(EXIT.interrupted);
    reporter.say('ending the search with what it has; Ctrl-C again leaves at once.');
    cancelled.abort();
  });
  const request = { scenario, target, seed, config, signature, targetUrl, modules, exec, gate };
  const outcome = await shrinkSeed(
    context,
    { ...request, maxExecutions: undefined, maxSeconds: undefined },
    { cancelled: cancelled.signal, over: context.leaving },
    ({ executions, operations, stage }, most) => {
      const done = `${formatNumber(executions)} of at most ${formatNumber(most)} executions`;
      reporter.progress(
        `${title}: ${formatNumber(operations)} operations left, trying ${safeText(stage)}, ${done}`,
      );
    },
  ).finally(() => {
    undo();
    reporter.clear();
  });
  if (outcome === null || cancelled.signal.aborted) return false;
  found.smallest = outcome.smallest;
  found.why = outcome.why;
  if (outcome.smallest && found.run !== null) await connected.api.storeSmallest(found.run, outcome.smallest);
  save();
  return true;
}
