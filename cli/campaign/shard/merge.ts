/** Puts the shards of a campaign together: the same findings as if one process had executed all of it. */
import {
  emptyTally,
  mergeTallies,
  partOf,
  type SeedRange,
  type Tally,
  without,
} from '../../../server/contract/index.ts';
import { usageError } from '../../process/errors.ts';
import { safeText } from '../../run/sanitize.ts';
import type { NamedDocument, ShardDocument } from './document.ts';

export interface Merged {
  campaign: ShardDocument['campaign'];
  /** How many shards there are. */
  count: number;
  tally: Tally;
  /** The shards of which there is nothing, and those that somebody stopped. */
  missing: number[];
  stopped: number[];
  /** The seeds of these that were not executed. */
  left: SeedRange[];
  /** True: its time ended it, and what was executed until then is all of it. */
  isTimed: boolean;
}

/** @throws CliError that names the files that do not belong together, or have the same shard. */
export function mergeShards(documents: readonly NamedDocument[]): Merged {
  const [first, ...others] = documents;
  if (first === undefined) throw usageError('there is no shard to merge.', HOW);
  for (const other of others) refuseOther(first, other);
  const shards = byNumber(documents);
  const { campaign, shard } = first.document;
  const numbers = Array.from({ length: shard.count }, (_, i) => i + 1);
  const kept = [...shards.values()].map(({ document }) => document);
  const missing = numbers.filter((number) => !shards.has(number));
  const stopped = kept
    .flatMap(({ end, shard: { number } }) => (end === 'stopped' ? [number] : []))
    .sort(ascending);
  const tally = kept.reduce((sum, document) => mergeTallies(sum, document.tally), emptyTally());
  const unfinished = [...missing, ...stopped].flatMap((number) =>
    partOf(campaign.seeds, number, shard.count),
  );
  const isTimed = kept.some(({ end }) => end === 'time');
  return {
    campaign,
    isTimed,
    count: shard.count,
    tally,
    missing,
    stopped,
    left: without(unfinished, tally.through),
  };
}

const HOW =
  'Such as: simcity campaign --shard 1/4 --json >1.json, up to 4/4; then simcity campaign merge *.json';
const ascending = (a: number, b: number) => a - b;

/** One document a shard: what was stopped gives way to another attempt at it. */
function byNumber(documents: readonly NamedDocument[]): Map<number, NamedDocument> {
  const shards = new Map<number, NamedDocument>();
  for (const named of documents) {
    const { number, count } = named.document.shard;
    const known = shards.get(number);
    if (known === undefined || known.document.end === 'stopped') shards.set(number, named);
    else if (named.document.end !== 'stopped')
      throw usageError(
        `shard ${number}/${count} is there twice: in ${safeText(known.name)} and in ${safeText(named.name)}.`,
        'Leave one of them out.',
      );
  }
  return shards;
}

function refuseOther(first: NamedDocument, other: NamedDocument): void {
  const [a, b] = [first.document, other.document];
  const differs = differenceOf(
    { ...a.campaign, shards: a.shard.count },
    { ...b.campaign, shards: b.shard.count },
  );
  if (differs === null) return;
  const [name, one, two] = differs;
  const what = BUILD.includes(name) ? 'was executed by another build' : 'is of another campaign';
  throw usageError(
    `${safeText(other.name)} ${what} than ${safeText(first.name)}: ${name}, ${said(two)} instead of ${said(one)}.`,
    'Merge only what one and the same command has executed, but for the number of its shard.',
  );
}

/** What tells the builds apart. */
const BUILD = ['generation', 'version', 'build'];

/** The first thing in which two campaigns differ, and what it is in each; null: none. */
function differenceOf(one: object, other: object): [name: string, one: unknown, other: unknown] | null {
  for (const [name, value] of Object.entries(one)) {
    const others = (other as Record<string, unknown>)[name];
    if (JSON.stringify(value) === JSON.stringify(others)) continue;
    return name === 'config' ? differenceOf(value as object, others as object) : [name, value, others];
  }
  return null;
}

function said(value: unknown): string {
  return safeText(JSON.stringify(value)).slice(0, 200);
}
