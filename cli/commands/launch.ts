/** From the flags of `run` to what `POST /runs` takes. */
import { FAULT_NAMES, type Launch, launchSchema } from '../../server/contract/index.ts';
import { usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';

export interface RunFlags {
  target?: string;
  seed?: number;
  operations?: number;
  duration?: number;
  citizens?: number;
  slots?: number;
  concurrency?: number;
  faults?: string;
  fault?: Record<string, number>;
  bug?: string;
  isolation?: string;
  strategy?: string;
  rate?: number;
  snapshotEvery?: number;
  threshold?: string[];
  server?: string;
  dataDir?: string;
  port?: number;
  detach?: true;
  log?: true;
  json?: true;
  exitOnEnd?: true;
}

/** The launch that the flags ask for. @throws CliError for what no run can be. */
export function launchOf(scenario: string, flags: RunFlags): Launch {
  checkFaultNames(flags.fault ?? {});
  const config = {
    operations: operationsOf(flags),
    durationSeconds: flags.duration,
    citizens: flags.citizens,
    slots: flags.slots,
    concurrency: flags.concurrency,
    faults: flags.faults,
    faultRates: flags.fault,
    bug: flags.bug,
    isolation: flags.isolation,
    strategy: flags.strategy,
    rate: flags.rate,
    snapshotEvery: flags.snapshotEvery,
    thresholds: flags.threshold,
  };
  const launch = {
    scenario,
    target: flags.target,
    // Chosen here, so that a run has its seed before anything else happens.
    seed: flags.seed ?? Math.floor(Math.random() * 2 ** 32),
    config: Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)),
  };
  const parsed = launchSchema.safeParse(launch);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw usageError(
      `${safeText(issue?.path.join('.') ?? 'run')}: ${safeText(issue?.message ?? 'not valid')}.`,
    );
  }
  return launch as Launch;
}

/** With only a duration given, the duration alone decides. */
function operationsOf(flags: RunFlags): number | undefined {
  if (flags.operations !== undefined || flags.duration === undefined) return flags.operations;
  return 100_000_000;
}

function checkFaultNames(rates: Record<string, number>): void {
  const known: readonly string[] = FAULT_NAMES;
  for (const name of Object.keys(rates)) {
    if (!known.includes(name)) {
      throw usageError(`--fault: '${safeText(name)}' is no fault.`, `The faults are ${known.join(', ')}.`);
    }
  }
}
