/** `simcity watch`: follows a run of a server; leaving never stops it. */
import type { Context } from '../context.ts';
import { connectForReading } from '../hosting/connect.ts';
import { follow } from './follow.ts';
import { type OutputFlags, presentationOf } from './presentation.ts';
import { withReports } from './report.ts';

interface WatchFlags extends OutputFlags {
  server?: string;
  dataDir?: string;
  readOnly?: true;
}

export async function watch(context: Context, runId: string, flags: WatchFlags): Promise<number> {
  const presentation = presentationOf(context, flags);
  const { api, hosted } = await connectForReading(context, flags);
  const run = await api.run(runId);
  const request = { api, run, presentation, owns: false, readOnly: flags.readOnly === true };
  const exitCode = await withReports(context, request, () =>
    follow(context, { ...request, hosted: false, exitOnEnd: presentation.exitOnEnd }),
  );
  await hosted?.close();
  return exitCode;
}
