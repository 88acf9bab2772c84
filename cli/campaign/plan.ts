/** What the command line asks to be executed for each seed of a campaign. */
import {
  isServiceTarget,
  joined,
  type RunConfig,
  runConfigSchema,
  type SeedRange,
} from '../../server/contract/index.ts';
import { launchOfFlags, type RunFlags } from '../commands/launch.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { modulesOf } from '../hosting/modules.ts';
import { surveyed } from '../hosting/survey.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import type { KeptCity } from './city.ts';
import type { KeepFlags } from './kept-file.ts';
import type { More } from './local-session.ts';
import type { CampaignPlan, OwnPart } from './session.ts';

/** `record` false: `--no-record`, which shares its name, is about the failures that it found. */
export interface CampaignFlags extends Omit<RunFlags, 'record'>, KeepFlags {
  seeds?: [number, number][];
  for?: number;
  untilNew?: number;
  parallel?: number;
  name?: string;
  label?: string;
  baseline?: string;
  resume?: string | true;
  /** The campaign of a server to work for, until it is over. */
  join?: string;
  record?: RunFlags['record'] | false;
}

const DEFAULT_SEEDS: SeedRange[] = [[1, 1_000]];
/** Where the time, or what is found, ends it. */
const ENDLESS_SEEDS: SeedRange[] = [[1, Number.MAX_SAFE_INTEGER - 1]];

/** With what was found out of the service. */
export type SettledPlan = CampaignPlan & { config: RunConfig };

/** @throws CliError for what no campaign can be. `name`: where the flags give none. */
export async function planOf(
  context: Context,
  flags: CampaignFlags & { scenario: string },
  name: string,
): Promise<{ plan: SettledPlan; own: OwnPart }> {
  const { record, ...ofRuns } = flags;
  const kept = record === false || record === undefined ? {} : { record };
  const launch = await launchOfFlags({ ...ofRuns, ...kept, target: flags.target ?? 'memory' });
  const gate = gateOrderOf(context, flags);
  refuseWithoutGate(flags);
  const own = { modules: await modulesOf(context, launch, flags), exec: flags.exec, gate };
  const { scenario = flags.scenario, target = 'memory' } = launch;
  const more = moreOf(flags);
  const seeds = joined(flags.seeds ?? (isEndedOtherwise(more) ? ENDLESS_SEEDS : DEFAULT_SEEDS));
  // A pace is for watching, and nobody watches.
  const config = { ...runConfigSchema.parse(launch.config), rate: null };
  return { plan: { ...more, ...{ name: flags.name ?? name, scenario, target, seeds, config } }, own };
}

/** What a survey of the service behind a gate finds out becomes settings of all seeds. */
export async function settledPlan(
  context: Context,
  plan: SettledPlan,
  { modules, exec, gate }: OwnPart,
  { city, say }: { city: KeptCity; say: (message: string) => void },
): Promise<SettledPlan> {
  if (gate === null || exec === undefined) return plan;
  const { scenario, target, seeds, config } = plan;
  // Its clones are made there: as of a run with a gate, which it is not told of yet.
  const subject = { target, config: { ...runConfigSchema.parse(config), gate: 'restart' as const } };
  const request = { launch: { scenario, target, config }, target, gate, exec, modules, say };
  const { config: found } = await surveyed(context, {
    ...request,
    targetUrl: await city.url(subject),
    seed: seeds[0]?.[0] ?? 1,
  });
  return { ...plan, config: runConfigSchema.parse(found) };
}

/** Seeds decide a run against a service only behind a gate. */
function refuseWithoutGate({ target = '', exec, adapter, gate }: CampaignFlags): void {
  if (gate !== undefined) return;
  if (!isServiceTarget(target) && exec === undefined && adapter === undefined) return;
  throw usageError(
    'a campaign executes seeds, and without --gate the world decides what comes first in a service at a URL.',
    "Such as: simcity campaign --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
  );
}

export function moreOf({ seeds, for: budgetSeconds, untilNew, record }: CampaignFlags): More {
  return {
    seeds: seeds ?? [],
    budgetSeconds: budgetSeconds ?? null,
    untilNew: untilNew ?? null,
    records: record !== false,
  };
}

function isEndedOtherwise({ budgetSeconds, untilNew }: More): boolean {
  return budgetSeconds !== null || untilNew !== null;
}
