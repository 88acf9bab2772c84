/**
 * Seeds that failed, kept for the nights to come: by commit of the service, the newest first, and of each failure those
 * that fail after the fewest operations. A bounded file that results of many nights and machines are merged into, as
 * TigerBeetle's continuous fuzzing does with its seeds.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { formatSignature, type RunConfig, signatureSchema } from '../../server/contract/index.ts';

/** Commits kept of one subject, and seeds of one failure of a commit. */
const MOST_COMMITS = 32;
const MOST_SEEDS = 4;
/** Of all that is in the file. */
const MOST_KEPT = 5_000;

const keptSchema = z.object({
  /** The commit of the service, and when it was made. */
  commit: z.string().max(100),
  committedAt: z.iso.datetime({ offset: true }),
  /** What the seed is of: a hash of scenario, target, settings and generation of the engine. */
  subject: z.string().max(64),
  signature: signatureSchema,
  seed: z.int().min(0),
  /** Operations until it failed. */
  operations: z.int().min(0),
  foundAt: z.iso.datetime(),
});
export type KeptSeed = z.infer<typeof keptSchema>;

export const keptSeedsSchema = z.object({
  simcity: z.literal('seeds'),
  version: z.literal(1),
  seeds: z.array(keptSchema).max(MOST_KEPT),
});
export type KeptSeeds = z.infer<typeof keptSeedsSchema>;

/** The same for campaigns in which a seed means the same. */
export function subjectOf(campaign: {
  scenario: string;
  target: string;
  config: RunConfig;
  generation: number | null;
}): string {
  const { scenario, target, config, generation } = campaign;
  const text = JSON.stringify(ordered([scenario, target, config, generation]));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** With the names of objects in one order: a database keeps them in another than they came in. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => byText(a, b));
  return Object.fromEntries(entries.map(([name, each]) => [name, ordered(each)]));
}

/** The same whichever of the two is the older. */
export function mergeKept(one: readonly KeptSeed[], other: readonly KeptSeed[]): KeptSeeds {
  const counts = new Map<string, number>();
  const commits = new Map<string, Set<string>>();
  const kept: KeptSeed[] = [];
  const seen = new Set<string>();
  for (const each of [...one, ...other].sort(byWorth)) {
    const failure = [each.subject, each.commit, formatSignature(each.signature)].join('\n');
    const key = `${failure}\n${each.seed}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const ofSubject = commits.get(each.subject) ?? new Set();
    commits.set(each.subject, ofSubject.add(each.commit));
    const count = (counts.get(failure) ?? 0) + 1;
    counts.set(failure, count);
    if (ofSubject.size <= MOST_COMMITS && count <= MOST_SEEDS) kept.push(each);
  }
  return { simcity: 'seeds', version: 1, seeds: kept.slice(0, MOST_KEPT) };
}

/** The seeds of a subject, in the order in which they are worth executing. */
export function seedsOfSubject({ seeds }: KeptSeeds, subject: string): number[] {
  return [...new Set(seeds.filter((each) => each.subject === subject).map(({ seed }) => seed))];
}

/** The newest commit first, then what fails soonest; of equal ones the seed that was found first, so that it stays. */
function byWorth(one: KeptSeed, other: KeptSeed): number {
  return (
    Date.parse(other.committedAt) - Date.parse(one.committedAt) ||
    byText(one.commit, other.commit) ||
    byText(one.subject, other.subject) ||
    one.operations - other.operations ||
    one.seed - other.seed ||
    byText(formatSignature(one.signature), formatSignature(other.signature)) ||
    byText(one.foundAt, other.foundAt)
  );
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
