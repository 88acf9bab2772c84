/**
 * What seeds of a campaign came to, as a sum: the same findings whatever the seeds were cut into, whoever executed them,
 * and in which order the parts are put together.
 */
import { z } from 'zod';
import { joined } from './seed-ranges.ts';
import { sameSignature, signatureSchema } from './signature.ts';
import { formatSignature } from './signature-text.ts';
import { type SeedFailure, seedRangeSchema, type Through } from './worker.ts';

/** Distinct failures kept of one campaign: the first by their signature as text, so that every order keeps the same. */
export const MOST_FINDINGS = 500;
export const MOST_RANGES = 10_000;
const MOST_PROPERTIES = 500;
const LONGEST_MESSAGE = 10_000;

/** Everything that failed in one way. */
export const failureTallySchema = z.object({
  signature: signatureSchema,
  /** Of the seed below. */
  message: z.string().max(LONGEST_MESSAGE),
  /** Seeds that failed this way. */
  seeds: z.int().min(1),
  firstSeed: z.int().min(0),
  /** The one that fails after the fewest operations, the lowest of those: it is recorded and made small. */
  seed: z.int().min(0),
  operations: z.int().min(0),
  /** Seeds by the operations until they failed: entry k counts those with 2^k to 2^(k+1) - 1; 0 counts as 1. */
  operationsUntil: z.array(z.int().min(0)).max(64),
});
export type FailureTally = z.infer<typeof failureTallySchema>;

export const tallySchema = z.object({
  /** The seeds that were executed. */
  through: z.array(seedRangeSchema).max(MOST_RANGES),
  operations: z.int().min(0),
  /** Time that executing them took, in ms; whole, so that sums do not depend on their order. */
  executingMs: z.int().min(0),
  /** Failing seeds that were executed a second time, and those of them that were the same again; behind a gate. */
  proved: z.int().min(0),
  identical: z.int().min(0),
  /** How many seeds reached each sometimes-property; 0: none did. */
  reached: z
    .record(z.string().max(500), z.int().min(0))
    .refine((reached) => Object.keys(reached).length <= MOST_PROPERTIES, {
      error: `at most ${MOST_PROPERTIES} sometimes-properties`,
    }),
  failures: z.array(failureTallySchema).max(MOST_FINDINGS),
});
export type Tally = z.infer<typeof tallySchema>;

export function emptyTally(): Tally {
  return { through: [], operations: 0, executingMs: 0, proved: 0, identical: 0, reached: {}, failures: [] };
}

/** Commutative and associative, with `emptyTally` as its neutral element; the two must have no seed in common. */
export function mergeTallies(one: Tally, other: Tally): Tally {
  return {
    through: joined([...one.through, ...other.through]),
    operations: one.operations + other.operations,
    executingMs: one.executingMs + other.executingMs,
    proved: one.proved + other.proved,
    identical: one.identical + other.identical,
    reached: mergeCounts(one.reached, other.reached),
    failures: mergeFailures(one.failures, other.failures),
  };
}

/** Of what the worker says of seeds that are through. `executingMs`: since it said so before. */
export function tallyOf(through: Through, executingMs = 0): Tally {
  return {
    through: joined(through.seeds.map((seed) => [seed, seed])),
    ...{ operations: through.operations, executingMs },
    proved: through.proved ?? 0,
    identical: through.identical ?? 0,
    reached: through.reached ?? {},
    failures: through.failures
      .map(failureOf)
      .reduce<FailureTally[]>((all, one) => mergeFailures(all, [one]), []),
  };
}

/** Failing seeds. */
export function failingOf(failures: readonly Pick<FailureTally, 'seeds'>[]): number {
  return failures.reduce((sum, { seeds }) => sum + seeds, 0);
}

function failureOf({ signature, seed, operations, message }: SeedFailure): FailureTally {
  const operationsUntil = Array.from({ length: powerOf(operations) + 1 }, () => 0);
  operationsUntil[powerOf(operations)] = 1;
  return {
    ...{ signature, seed, operations, operationsUntil, seeds: 1, firstSeed: seed },
    message: message.slice(0, LONGEST_MESSAGE),
  };
}

/** k of the entry of `operationsUntil`. */
function powerOf(operations: number): number {
  return Math.floor(Math.log2(Math.max(1, operations)));
}

function mergeCounts(one: Tally['reached'], other: Tally['reached']): Tally['reached'] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return Object.fromEntries(names.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

function mergeFailures(one: readonly FailureTally[], other: readonly FailureTally[]): FailureTally[] {
  const merged = one.map((failure) => {
    const alike = other.find(({ signature }) => sameSignature(signature, failure.signature));
    return alike === undefined ? failure : mergeAlike(failure, alike);
  });
  const known = new Set(one.map(({ signature }) => formatSignature(signature)));
  const added = other.filter(({ signature }) => !known.has(formatSignature(signature)));
  return [...merged, ...added].sort(bySignature).slice(0, MOST_FINDINGS);
}

function mergeAlike(one: FailureTally, other: FailureTally): FailureTally {
  const sooner = one.operations - other.operations || one.seed - other.seed;
  const { seed, operations, message } = sooner <= 0 ? one : other;
  const length = Math.max(one.operationsUntil.length, other.operationsUntil.length);
  return {
    ...{ signature: one.signature, seed, operations, message },
    seeds: one.seeds + other.seeds,
    firstSeed: Math.min(one.firstSeed, other.firstSeed),
    operationsUntil: Array.from(
      { length },
      (_, k) => (one.operationsUntil[k] ?? 0) + (other.operationsUntil[k] ?? 0),
    ),
  };
}

function bySignature(one: FailureTally, other: FailureTally): number {
  const [a, b] = [formatSignature(one.signature), formatSignature(other.signature)];
  return a < b ? -1 : a > b ? 1 : 0;
}
