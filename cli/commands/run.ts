/** `simcity run`: launches a run, hosts what is missing for it, and shows it to its end. */
import { type Context, canDraw, wantsColor } from '../context.ts';
import { EXIT } from '../errors.ts';
import { connectToRunning, hostWhatIsMissing } from '../hosting/connect.ts';
import { planText } from '../output/plan.ts';
import { styleFor } from '../output/style.ts';
import { safeJson } from '../safe-text.ts';
import { follow } from './follow.ts';
import { launchOf, type RunFlags } from './launch.ts';

export async function run(context: Context, scenario: string, flags: RunFlags): Promise<number> {
  const launch = launchOf(scenario, flags);
  if (flags.detach) return detach(context, launch, flags);
  const style = styleFor(wantsColor(context, 'stderr'));
  const progress = (message: string) => context.err(`${style.dim(`simcity: ${message}`)}\n`);
  const connected = await hostWhatIsMissing(context, flags, progress);
  const launched = await connected.api.launch(launch);
  const screen = !flags.json && !flags.log && canDraw(context);
  if (screen || flags.json) context.err(planText(launched));
  await connected.hosted?.startRunner(launched.id);
  const exitCode = await follow(context, {
    api: connected.api,
    run: launched,
    as: screen ? 'screen' : flags.json ? 'json' : 'log',
    owns: true,
    hosted: connected.hosted !== null,
    exitOnEnd: flags.exitOnEnd === true,
  });
  await connected.hosted?.close();
  return exitCode;
}

async function detach(
  context: Context,
  launch: ReturnType<typeof launchOf>,
  flags: RunFlags,
): Promise<number> {
  // What is hosted here would end with this command, so a server that stays is needed.
  const { api } = await connectToRunning(context, flags);
  const launched = await api.launch(launch);
  await context.out(flags.json ? `${safeJson(launched)}\n` : `${launched.id}\n`);
  return EXIT.pass;
}
