/** A baseline: failures that are known, in a file that people keep beside their code. */
import { z } from 'zod';
import { formatSignature, type Signature, signatureSchema } from '../../server/contract/index.ts';

/** As many as a campaign keeps of its own. */
const MOST_KNOWN = 500;

const knownSchema = z.object({
  signature: signatureSchema,
  /** What broke, and why, in one line. */
  title: z.string().max(1_000),
  /** When and where it was seen first. */
  firstSeen: z.object({
    at: z.iso.datetime(),
    campaign: z.string().max(200),
    seed: z.int().min(0),
  }),
  /** The command that reproduces it; null: none is known. */
  reproduce: z.string().max(20_000).nullable(),
});
export type Known = z.infer<typeof knownSchema>;

export const baselineSchema = z.object({
  simcity: z.literal('baseline'),
  version: z.literal(1),
  known: z.array(knownSchema).max(MOST_KNOWN),
});
export type Baseline = z.infer<typeof baselineSchema>;

/** `known` by their signatures, so that the file differs only where they do; of equal ones the first stays. */
export function baselineOf(known: readonly Known[]): Baseline {
  const bySignature = new Map<string, Known>();
  for (const each of known) {
    const key = formatSignature(each.signature);
    if (!bySignature.has(key)) bySignature.set(key, each);
  }
  const sorted = [...bySignature].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return { simcity: 'baseline', version: 1, known: sorted.slice(0, MOST_KNOWN) };
}

/** Failures held against those that are known, which are told by their signatures as text. */
export interface Compared<Failure> {
  fresh: Failure[];
  known: Failure[];
  /** Known ones that none of the failures is. */
  notSeen: string[];
}

export function compareWith<Failure extends { signature: Signature }>(
  known: readonly string[],
  failures: readonly Failure[],
): Compared<Failure> {
  const isKnown = ({ signature }: Failure) => known.includes(formatSignature(signature));
  const seen = new Set(failures.map(({ signature }) => formatSignature(signature)));
  return {
    fresh: failures.filter((failure) => !isKnown(failure)),
    known: failures.filter(isKnown),
    notSeen: known.filter((signature) => !seen.has(signature)),
  };
}

export function newFailures<Failure extends { signature: Signature }>(
  known: readonly string[],
  failures: readonly Failure[],
): Failure[] {
  return compareWith(known, failures).fresh;
}

/** As a campaign is told of them. */
export function signaturesOf({ known }: Baseline): string[] {
  return known.map(({ signature }) => formatSignature(signature));
}
