/** What a service comes to over many seeds: which fail, how many executions are the same, how small a failure becomes. */
import { configOf as partOf } from '../../../runner/shrink/candidate.ts';
import { shrink } from '../../../runner/shrink/shrink.ts';
import { formatSignature, signatureOf } from '../../../server/contract/index.ts';
import { neverStopped } from '../../helpers/execute.ts';
import { configOf, GatedService, type SeedResult, subjectOf, type Template } from './gated-service.ts';
import type { Bug, GateService } from './services.ts';

/** A bug has to be found within so many seeds. */
export const MOST_SEEDS_TO_FIND = 10;
/** A right service is asked so much for each seed; a wrong one, as long as nothing is found. */
const OPERATIONS = { right: 60, wrong: 200 };
const SHRINK_LIMITS = { maxExecutions: 400, maxSeconds: 600, confirmations: 0 };

export interface Measured {
  readonly results: readonly SeedResult[];
  /** Seeds that failed. */
  readonly found: readonly SeedResult[];
  /** Of them, until they failed; null: none did. */
  readonly medianRequests: number | null;
  /** Seeds of which all executions were the same. */
  readonly identical: number;
  readonly requestsPerSecond: number;
}

export interface ShrunkFailure {
  readonly requests: number;
  /** The whole of it was executed so often, and so often it was the same failure by the same trace. */
  readonly executions: number;
  readonly identical: number;
}

/** Executes seeds from 1 on; more than asked for, up to MOST_SEEDS_TO_FIND, while a bug is not found. */
export async function measured(
  service: GateService,
  bug: Bug | null,
  template: Template,
  { seeds, told = () => {} }: { seeds: number; told?: (result: SeedResult) => void },
): Promise<Measured> {
  const operations = bug === null ? OPERATIONS.right : OPERATIONS.wrong;
  const results: SeedResult[] = [];
  const gated = await GatedService.open(service, bug, template);
  try {
    const isOver = (seed: number) =>
      seed > seeds && (bug === null || seed > MOST_SEEDS_TO_FIND || results.some(({ failure }) => failure));
    for (let seed = 1; !isOver(seed); seed++) {
      const result = await gated.seed(seed, { operations });
      results.push(result);
      told(result);
    }
  } finally {
    await gated.close();
  }
  const found = results.filter(({ failure }) => failure !== null);
  const total = (of: 'requests' | 'seconds') => results.reduce((sum, each) => sum + each[of], 0);
  return {
    ...{ results, found },
    medianRequests: medianOf(found.map(({ requests }) => requests)),
    identical: results.filter(isIdentical).length,
    requestsPerSecond: total('requests') / total('seconds'),
  };
}

export function isIdentical({ proof }: SeedResult): boolean {
  return proof.identical === proof.executions;
}

/** Makes the failure of a seed small, and executes what is left `times` times. @throws Error when it cannot be made small. */
export async function shrunkFailure(
  service: GateService,
  bug: Bug,
  template: Template,
  { seed, failure }: SeedResult,
  times: number,
): Promise<ShrunkFailure> {
  const config = configOf(service, { operations: OPERATIONS.wrong });
  const gated = await GatedService.open(service, bug, template);
  try {
    const subject = { ...(await subjectOf(bug, template)), seed, config };
    const shrunk = await shrink(subject, { ...SHRINK_LIMITS, signal: neverStopped, onProgress: () => {} });
    if (typeof shrunk === 'string') throw new Error(`Seed ${seed} of ${service.name}, ${bug}: ${shrunk}`);
    const { candidate } = shrunk.trial;
    const small = await gated.seed(seed, { ...partOf(config, candidate, failure), prove: times - 1 });
    const isSame = failure && small.failure && nameOf(small.failure) === nameOf(failure);
    return {
      requests: candidate.operations.length,
      executions: times,
      identical: isSame ? small.proof.identical + 1 : 0,
    };
  } finally {
    await gated.close();
  }
}

const nameOf = (failure: NonNullable<SeedResult['failure']>) => formatSignature(signatureOf(failure));

export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
