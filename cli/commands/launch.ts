/** From the flags of `run` to what `POST /runs` takes. */
import {
  isModuleFile,
  type Launch,
  launchSchema,
  moduleLabel,
  parseReduction,
  type Reduction,
} from '../../server/contract/index.ts';
import { messageOf, usageError } from '../errors.ts';
import { safeText } from '../safe-text.ts';
import type { OutputFlags } from './presentation.ts';

export interface RunFlags extends OutputFlags {
  target?: string;
  /** A file of the user's; a built-in one is the argument of the command. */
  scenario?: string;
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
  /** As `shrink` prints it. */
  reduction?: string;
  /** The command that starts the service that `target` names. */
  exec?: string;
  /** A file that maps the calls to the API of that service. */
  adapter?: string;
  server?: string;
  dataDir?: string;
  port?: number;
  detach?: true;
}

/** The launch that the flags ask for. @throws CliError for what no run can be. */
export function launchOf(scenario: string, flags: RunFlags): Launch {
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
    reduction: flags.reduction === undefined ? undefined : reductionOf(flags.reduction),
  };
  const labelled = (text: string) => (isModuleFile(text) ? moduleLabel(text) : text);
  const launch = {
    scenario: labelled(scenario),
    target: flags.target === undefined ? undefined : splitCredentials(labelled(flags.target)).target,
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

/**
 * A target is stored and shown, so the user and the password in its URL stay on this machine.
 * `credentials`: the URL with them, for the runner that is started here; undefined without any.
 */
export function splitCredentials(target: string): { target: string; credentials: string | undefined } {
  const url = /^https?:/i.test(target) ? URL.parse(target) : null;
  if (!url || (url.username === '' && url.password === '')) return { target, credentials: undefined };
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return { target: bare.href, credentials: url.href };
}

/** With only a duration given, the duration alone decides. */
function operationsOf(flags: RunFlags): number | undefined {
  if (flags.operations !== undefined || flags.duration === undefined) return flags.operations;
  return 100_000_000;
}

function reductionOf(text: string): Reduction {
  try {
    return parseReduction(text);
  } catch (error) {
    throw usageError(`--reduction: ${safeText(messageOf(error))}`);
  }
}
