/** Executes one seed of a campaign, without recording. */
import {
  type GateOrder,
  type Modules,
  type RunConfig,
  type SeedFailure,
  signatureOf,
} from '../../server/contract/index.ts';
import { execute, type StopSignal } from '../harness/execute.ts';
import { ExecutionLimitError, standardLimit } from '../harness/execution-watch.ts';
import type { StagedService } from '../harness/gated/staged-service.ts';
import { emptyTrace, type Trace } from '../harness/trace.ts';
import type { CityKeeper } from '../targets/postgres/keeper.ts';
import { NullSink } from '../telemetry/null.ts';

export interface CampaignSubject {
  scenario: string;
  target: string;
  config: RunConfig;
  targetUrl: string | null;
  /** The command that starts the service behind a gate. */
  exec?: string | null;
  /** The database of a gated run. */
  gate?: GateOrder | null;
  /** Files of the user's to load first. */
  modules?: Modules | undefined;
}

/** What one seed leaves for the next. */
export interface KeptBetweenSeeds {
  cities?: CityKeeper;
  staged?: StagedService | undefined;
}

export interface SeedOutcome {
  /** Null when it passed. */
  failure: SeedFailure | null;
  /** Operations begun. */
  operations: number;
  /** Behind a gate, of a seed that failed: whether it was the same when it was executed again; left out: it was not. */
  isIdentical?: boolean;
  /** How often each sometimes-property was reached. */
  sometimes: Readonly<Record<string, number>>;
}

/**
 * The outcome; null when it was stopped before its end. One seed follows the other in the same city, made anew.
 * @throws ExecutionLimitError when it hangs.
 */
export async function executeSeed(
  subject: CampaignSubject,
  seed: number,
  signal: StopSignal,
  { cities, staged }: KeptBetweenSeeds = {},
): Promise<SeedOutcome | null> {
  const trace: Trace = { ...emptyTrace(), isBrief: true };
  const limits = { seconds: standardLimit(subject.config), stop: signal };
  // Nothing is kept, so that every event may bear the same time.
  const unkept = { sink: new NullSink(), now: () => EPOCH };
  const end = await execute({
    ...subject,
    ...unkept,
    seed,
    signal,
    trace,
    limits,
    cities,
    staged,
    proofs: 1,
  }).catch((error: unknown) => {
    if (error instanceof ExecutionLimitError && signal.requested) return null;
    throw error;
  });
  if (end === null || end.status === 'STOPPED') return null;
  const operations = trace.begun.length;
  const { sometimes = {} } = trace;
  const { failForensic } = end;
  if (!failForensic) return { failure: null, operations, sometimes };
  const { message, proof } = failForensic;
  const failure = { seed, signature: signatureOf(failForensic), message, operations };
  const isIdentical = proof && proof.identical === proof.executions;
  return { failure, operations, sometimes, ...(isIdentical === undefined ? {} : { isIdentical }) };
}

const EPOCH = new Date(0);
