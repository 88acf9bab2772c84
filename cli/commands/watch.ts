/** `simcity watch`: follows a run of a server; leaving never stops it. Says at once what it begins, then loads the rest. */

import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';
import { type OutputFlags, type Presentation, presentationOf } from './presentation.ts';
import { lineTo } from './run.ts';
import { openFor } from './screen.ts';

interface WatchFlags extends OutputFlags {
  server?: string;
  dataDir?: string;
  readOnly?: true;
  thin?: true;
}

export async function watch(context: Context, runId: string, flags: WatchFlags): Promise<number> {
  const presentation = presentationOf(context, flags);
  await announce(context, presentation, runId);
  const opened =
    presentation.as === 'screen' ? await openFor(context, flags, `run ${safeText(runId)}`) : undefined;
  const { connectForReading } = await import('../hosting/connect.ts');
  const { api, hosted } = await connectForReading(context, flags, opened?.say, 'simcity watch');
  const run = await api.run(runId);
  const request = {
    api,
    run,
    presentation,
    owns: false,
    readOnly: flags.readOnly === true,
    thin: flags.thin === true,
  };
  const { follow } = await import('./follow.ts');
  const { withReports } = await import('./report.ts');
  const exitCode = await withReports(context, request, () =>
    follow(context, {
      ...request,
      hosted: false,
      tookOver: () => hosted?.executes === true,
      exitOnEnd: presentation.exitOnEnd,
      opened,
      onLaunched: () => hosted?.startRunner(null),
      runner: () => hosted?.runnerName() ?? null,
    }),
  );
  await hosted?.close();
  return exitCode;
}

/** The first line, before the server is looked for. */
async function announce(context: Context, { as, linesTo }: Presentation, runId: string): Promise<void> {
  if (as === 'plain') await lineTo(context, linesTo, `SimCity ${VERSION} follows run ${safeText(runId)}.`);
  if (as !== 'log') return;
  const style = styleFor(wantsColor(context, linesTo));
  const at = style.dim(new Date().toISOString());
  await lineTo(context, linesTo, `${at} simcity ${VERSION} follows run ${safeText(runId)}`);
}
