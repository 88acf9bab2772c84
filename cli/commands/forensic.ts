/** `simcity forensic`: all that is known of the first failure of a run. */

import { connectForReading } from '../hosting/connect.ts';
import { forensicText } from '../output/forensic.ts';
import { styleFor } from '../output/style.ts';
import { type Context, columnsOf, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { bundleText } from '../run/bundle-file.ts';
import { runOutcome } from '../run/outcome.ts';
import { runName } from '../run/run-name.ts';

interface ForensicFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

export async function forensic(context: Context, runId: string, flags: ForensicFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const run = await api.run(runId);
  // Forensics without it are better than none.
  const explanation = run.status === 'FAIL' ? await api.task(run.id, 'explain').catch(() => null) : null;
  await hosted?.close();
  if (run.failForensic === null) {
    throw usageError(
      `run ${runName(run)} has no failure: its status is ${run.status}.`,
      '`simcity runs --status FAIL` lists those that have.',
    );
  }
  const told = {
    why: explanation?.state === 'ready' ? explanation.result : null,
    width: columnsOf(context, 'stdout'),
  };
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(
    flags.json
      ? bundleText(run.failForensic)
      : `${forensicText(run.failForensic, runOutcome(run), style, told)}\n`,
  );
  return EXIT.pass;
}
