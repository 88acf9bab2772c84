/** `simcity run`: says at once what it begins, and only then loads what that takes. */
import { maskCredentials } from '../../server/contract/redact.ts';
import { RUN_SETTINGS } from '../../server/contract/run-settings.ts';
import { freshSeed } from '../../server/contract/seed.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';
import { launchOfFlags, type RunFlags } from './launch.ts';
import { type Presentation, presentationOf } from './presentation.ts';

export async function run(context: Context, named: string, flags: RunFlags): Promise<number> {
  // Chosen here, so that a run has its seed before anything else happens.
  const seeded = { ...flags, scenario: flags.scenario ?? named, seed: flags.seed ?? freshSeed() };
  const launch = await launchOfFlags(seeded);
  if (flags.detach) {
    const { detach } = await import('./execute-run.ts');
    return detach(context, launch, seeded);
  }
  const presentation = presentationOf(context, flags);
  await announce(context, presentation, seeded);
  const { execute } = await import('./execute-run.ts');
  return execute(context, launch, seeded, presentation);
}

/** The first line, before the server is looked for. */
async function announce(
  context: Context,
  { as, linesTo }: Presentation,
  { scenario, target = RUN_SETTINGS.target.default, seed }: RunFlags & { scenario: string; seed: number },
): Promise<void> {
  const what = `${safeText(scenario)} on ${safeText(maskCredentials(target))}, seed ${seed}`;
  if (as === 'plain') await lineTo(context, linesTo, `SimCity ${VERSION} begins: ${what}.`);
  if (as !== 'log') return;
  const style = styleFor(wantsColor(context, linesTo));
  await lineTo(context, linesTo, `${style.dim(new Date().toISOString())} simcity ${VERSION} ${what}`);
}

/** Prints a line where log lines go. */
export async function lineTo(context: Context, stream: 'stdout' | 'stderr', line: string): Promise<void> {
  if (stream === 'stdout') await context.out(`${line}\n`);
  else context.err(`${line}\n`);
}
