/** `simcity shrink`: finds a smallest part of a failed run that still fails the same way. */
import { smallestSchema } from '../../server/contract/index.ts';
import { connectForReading } from '../hosting/connect.ts';
import { smallestText } from '../output/smallest.ts';
import { styleFor } from '../output/style.ts';
import { whyText } from '../output/why.ts';
import { type Context, columnsOf, wantsColor } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { seatsOf } from '../run/why-seats.ts';
import { doHere } from '../tasks/do-here.ts';
import { prepareShrink } from '../tasks/shrink.ts';

interface ShrinkFlags {
  maxExecutions?: number;
  maxTime?: number;
  server?: string;
  dataDir?: string;
  json?: true;
}

const DEFAULT_SECONDS = 600;

export async function shrink(context: Context, runId: string, flags: ShrinkFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  const { api } = connected;
  const run = await api.run(runId);
  const { maxExecutions, maxTime: maxSeconds = DEFAULT_SECONDS } = flags;
  let exitCode: number = EXIT.fail;
  const onBroken = () => {
    exitCode = EXIT.unreachable;
  };
  const { task, interrupted } = await doHere(context, {
    ...{ api, run, kind: 'shrink', again: true },
    prepare: () => prepareShrink(context, { run, connected, flags, maxSeconds, maxExecutions, onBroken }),
    cancelling: 'ending the search with what it has',
  });
  const { failForensic } = await api.run(run.id);
  const smallest = task.state === 'ready' ? smallestSchema.parse(failForensic?.smallest) : null;
  const explanation = smallest ? await api.task(run.id, 'explain').catch(() => null) : null;
  await connected.hosted?.close();
  if (!smallest) {
    if (task.state === 'pending') return EXIT.interrupted;
    throw new CliError(
      `run ${runName(run)} cannot be made small: ${task.state === 'none' ? safeText(task.reason) : ''}.`,
      {
        exitCode,
        hint: `\`simcity replay ${run.number} --verify\` shows whether it can be executed again alike.`,
      },
    );
  }
  const style = styleFor(wantsColor(context, 'stdout'));
  const width = columnsOf(context, 'stdout');
  const seats = failForensic === null ? null : seatsOf(failForensic);
  const told =
    explanation?.state === 'ready'
      ? `${whyText(explanation.result, style, width, { seats })}\n\n${smallestText({ ...smallest, wire: [] }, style, width)}`
      : smallestText(smallest, style, width);
  await context.out(flags.json ? `${safeJson(smallest, 2)}\n` : `${told}\n`);
  return interrupted ? EXIT.interrupted : EXIT.pass;
}
