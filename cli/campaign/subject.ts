/** What the flags of `simcity campaign` ask to be executed for each seed. */
import {
  type GateOrder,
  isServiceTarget,
  joined,
  type Modules,
  type RunConfig,
  runConfigSchema,
  type SeedRange,
} from '../../server/contract/index.ts';
import { launchOfFlags, type RunFlags } from '../commands/launch.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { modulesOf } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';

/** `record` false: `--no-record`, which shares its name, is about the failures that it found. */
export interface SubjectFlags extends Omit<RunFlags, 'record'> {
  seeds?: [number, number][];
  record?: RunFlags['record'] | false;
}

export interface Subject {
  scenario: string;
  target: string;
  config: RunConfig;
  modules: Modules | undefined;
  exec: string | null;
  gate: GateOrder | null;
  seeds: SeedRange[];
}

const DEFAULT_SEEDS: SeedRange[] = [[1, 1_000]];

/** @throws CliError for what no campaign can be. */
export async function subjectOf(
  context: Context,
  flags: SubjectFlags & { scenario: string },
): Promise<Subject> {
  const { record, ...ofRuns } = flags;
  const kept = record === false || record === undefined ? {} : { record };
  const launch = await launchOfFlags({ ...ofRuns, ...kept, target: flags.target ?? 'memory' });
  const gate = gateOrderOf(context, flags);
  refuseWithoutGate(flags);
  return {
    scenario: launch.scenario ?? flags.scenario,
    target: launch.target ?? 'memory',
    // A pace is for watching, and nobody watches.
    config: { ...runConfigSchema.parse(launch.config), rate: null },
    modules: (await modulesOf(context, launch, flags)) ?? undefined,
    ...{ exec: flags.exec ?? null, gate },
    seeds: joined(flags.seeds ?? DEFAULT_SEEDS),
  };
}

/** Seeds decide a run against a service only behind a gate. */
function refuseWithoutGate({ target = '', exec, adapter, gate }: SubjectFlags): void {
  if (gate !== undefined) return;
  if (!isServiceTarget(target) && exec === undefined && adapter === undefined) return;
  throw usageError(
    'a campaign executes seeds, and without --gate the world decides what comes first in a service at a URL.',
    "Such as: simcity campaign --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
  );
}
