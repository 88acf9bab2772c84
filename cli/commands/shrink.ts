/** `simcity shrink`: finds a smallest part of a failed run that still fails the same way. */
import { isLive, signatureOf } from '../../server/contract/index.ts';
import { lineReporter } from '../campaign/reporter.ts';
import { shrinkSeed } from '../campaign/shrink-seed.ts';
import { cityDatabase, citySubject } from '../hosting/city-database.ts';
import { connectForReading } from '../hosting/connect.ts';
import { refuseOtherGeneration } from '../hosting/generation.ts';
import { recallExec, recallGate, recallModules } from '../hosting/modules.ts';
import { smallestText } from '../output/smallest.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { shortId } from '../run/format.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { refuseBrokenOff, refuseLoss } from './refuse-loss.ts';

interface ShrinkFlags {
  maxExecutions?: number;
  maxTime?: number;
  server?: string;
  dataDir?: string;
  json?: true;
}

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
  const gated = recallGate(context, flags, run);
  const database = isLive(run.target, run.config)
    ? { url: null, close: async () => {} }
    : await cityDatabase(context, flags, citySubject(run), connected);
  const { scenario, target, seed, config } = run;
  const { smallest, why, interrupted } = await shrinkSeed(context, {
    ...{ scenario, target, seed, config, targetUrl: database.url },
    signature: run.failForensic && signatureOf(run.failForensic),
    modules: recallModules(context, flags, run),
    exec: recallExec(context, flags, run),
    gate: gated?.gate ?? null,
    maxExecutions: flags.maxExecutions,
    maxSeconds: flags.maxTime,
    title: `run ${shortId(run.id)}`,
    reporter: lineReporter(context),
    stopping: createStopping(context),
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
