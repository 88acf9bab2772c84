/** `simcity stop`: asks a run to stop gracefully. */

import { connectForReading } from '../hosting/connect.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { safeJson } from '../run/sanitize.ts';

interface StopFlags {
  reason?: string;
  server?: string;
  dataDir?: string;
  json?: true;
}

export async function stop(context: Context, runId: string, flags: StopFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const run = await api.stop(runId, flags.reason ?? 'simcity stop');
  await context.out(flags.json ? `${safeJson(run)}\n` : `${run.id} ${run.status} ${runName(run)}\n`);
  await hosted?.close();
  return EXIT.pass;
}
