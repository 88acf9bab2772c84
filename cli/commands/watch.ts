/** `simcity watch`: follows a run of a server; leaving never stops it. */
import { type Context, canDraw } from '../context.ts';
import { connectForReading } from '../hosting/connect.ts';
import { follow } from './follow.ts';

interface WatchFlags {
  server?: string;
  dataDir?: string;
  log?: true;
  json?: true;
  exitOnEnd?: true;
}

export async function watch(context: Context, runId: string, flags: WatchFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const run = await api.run(runId);
  const screen = !flags.json && !flags.log && canDraw(context);
  const exitCode = await follow(context, {
    api,
    run,
    as: screen ? 'screen' : flags.json ? 'json' : 'log',
    owns: false,
    hosted: false,
    exitOnEnd: flags.exitOnEnd === true,
  });
  await hosted?.close();
  return exitCode;
}
