/** `simcity shrink`: finds a smallest part of a failed run that still fails the same way. */
import { lineReporter } from '../campaign/reporter.ts';
import { shrinkSeed } from '../campaign/shrink-seed.ts';
import { failedRun } from '../explain/failed-run.ts';
import { connectForReading } from '../hosting/connect.ts';
import { smallestText } from '../output/smallest.ts';
import { styleFor } from '../output/style.ts';
import { whyText } from '../output/why.ts';
import { type Context, columnsOf, wantsColor } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { runName } from '../run/run-name.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

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
  const failed = await failedRun(context, flags, run, connected, 'shrink');
  const { smallest, why, interrupted } = await shrinkSeed(context, {
    ...failed.subject,
    maxExecutions: flags.maxExecutions,
    maxSeconds: flags.maxTime,
    title: `run ${runName(run)}`,
    reporter: lineReporter(context),
    stopping: createStopping(context),
  });
  await failed.close();
  if (smallest) await api.storeSmallest(run.id, smallest);
  const explanation = smallest ? await api.explanation(run.id).catch(() => null) : null;
  await connected.hosted?.close();
  if (!smallest) {
    throw new CliError(`run ${runName(run)} cannot be made small: ${safeText(why)}.`, {
      exitCode: EXIT.fail,
      hint: `\`simcity replay ${run.number} --verify\` shows whether it can be executed again alike.`,
    });
  }
  const style = styleFor(wantsColor(context, 'stdout'));
  const told =
    explanation?.state === 'ready'
      ? `${smallestText({ ...smallest, wire: [] }, style)}\n\n${whyText(explanation.why, style, columnsOf(context, 'stdout'))}`
      : smallestText(smallest, style);
  await context.out(flags.json ? `${safeJson(smallest, 2)}\n` : `${told}\n`);
  return interrupted ? EXIT.interrupted : EXIT.pass;
}
