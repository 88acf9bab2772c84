/** `simcity replay`: a run in mission control, at any of its events; or its seed executed again and compared. */
import { type Context, canDraw } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { openFor } from './screen.ts';
import type { VerifyFlags } from './verify.ts';

export interface ReplayFlags extends VerifyFlags {
  verify?: true;
  readOnly?: true;
}

export async function replay(context: Context, runId: string, flags: ReplayFlags): Promise<number> {
  if (flags.verify) {
    const { verify } = await import('./verify.ts');
    return verify(context, runId, flags);
  }
  if (canDraw(context)) return openReplay(context, runId, flags);
  throw usageError(
    'replay takes --verify: it executes the seed again and compares the histories.',
    `To look at the history itself: \`simcity watch ${safeText(runId)}\` and its view 4, Replay.`,
  );
}

async function openReplay(context: Context, runId: string, flags: ReplayFlags): Promise<number> {
  const opened = await openFor(context, flags, `run ${safeText(runId)}`);
  const { connectForReading } = await import('../hosting/connect.ts');
  const { api, hosted } = await connectForReading(context, flags, opened.say);
  const run = await api.run(runId);
  const { missionControl } = await import('../tui/start.ts');
  const request = { api, run, owns: false, hosted: false, exitOnEnd: false, view: 'replay' as const };
  const exitCode = await missionControl(context, {
    ...request,
    readOnly: flags.readOnly === true,
    opened,
    onLaunched: () => hosted?.startRunner(null),
    runner: () => hosted?.runnerName() ?? null,
  });
  await hosted?.close();
  return exitCode;
}
