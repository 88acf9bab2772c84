/** The big steps of shrinking: guesses at what a failure needs, before delta debugging takes small ones. */
import { Prng } from '../sim/prng.ts';
import { dropGroups } from './ddmin.ts';
import type { Search } from './search.ts';

/** Parts that are larger than this are worth guessing at. */
const LARGE = 10;
/** Operations of a guess, from and to. */
const GUESS_SIZE = [2, 12] as const;
/** A guess takes its operations among so many of the newest. */
const GUESS_REACH = 120;

/** What is known of the failing part: which of its operations had to do with what broke. */
interface Suspects {
  /** On the object that broke, or on all. */
  onObject: number[];
  /** Those, and all of the citizens who had to do with that object. */
  ofCitizens: number[];
  byObject: number[][];
  byActor: number[][];
}

export async function focus(search: Search): Promise<void> {
  search.stage('the object that broke');
  const suspects = suspectsOf(search);
  await search.accept({ faults: false });
  if (await newestOf(suspects.onObject, search)) return;
  if (await search.acceptOperations(suspects.onObject, true)) return;
  if (await newestOf(suspects.ofCitizens, search)) return;
  search.stage('citizens and objects');
  await search.acceptOperations(suspects.ofCitizens);
  const fails = (part: readonly number[]) => search.acceptOperations(part);
  await dropGroups(search.best.candidate.operations, suspects.byObject, fails);
  await dropGroups(search.best.candidate.operations, suspects.byActor, fails);
}

/** Few groups often do, and are soon tried: from the newest few on, each time some more. */
async function newestOf(operations: readonly number[], search: Search): Promise<boolean> {
  const { executor } = search;
  const groups = [...new Set(operations.map((n) => executor.groupOf(n)))];
  for (let size = 3; size < groups.length && !search.spent; size = Math.ceil(size * 1.5)) {
    const newest = new Set(groups.slice(-size));
    const part = operations.filter((n) => newest.has(executor.groupOf(n)));
    if (await search.acceptOperations(part, true)) return true;
  }
  return false;
}

/**
 * Tries handfuls drawn from what is left. Where what an operation does hangs on all that went before,
 * taking away a few of many changes everything, while some handful fails the same way all by itself.
 */
export async function guess(seed: number, search: Search): Promise<void> {
  const from = search.best.candidate.operations;
  if (from.length <= LARGE || search.executor.guesses === 0) return;
  search.stage('handfuls');
  const { onObject, ofCitizens } = suspectsOf(search);
  const pools = [onObject, ofCitizens, [...from]].map((pool) => pool.slice(-GUESS_REACH));
  for (let i = 0; i < search.executor.guesses && !search.spent; i++) {
    const prng = new Prng(seed, 'campaign', i, from.length);
    const pool = pools[i % pools.length] as number[];
    const size = GUESS_SIZE[0] + prng.below(GUESS_SIZE[1] - GUESS_SIZE[0] + 1);
    const operations = handful(pool, size, prng);
    const change = {
      operations,
      variant: i,
      concurrency: 1 + prng.below(size),
      schedule: null,
      order: null,
    };
    if (operations.length < from.length && (await search.accept(change))) return;
  }
}

function handful(pool: readonly number[], size: number, prng: Prng): number[] {
  const left = [...pool];
  const taken: number[] = [];
  while (taken.length < size && left.length > 0) {
    taken.push(...left.splice(prng.below(left.length), 1));
  }
  return taken.sort((a, b) => a - b);
}

function suspectsOf({ best, executor }: Search): Suspects {
  const begun = new Map(best.trace.begun.map((each) => [each.n, each]));
  const all = best.candidate.operations;
  const groups = grouped(all, (n) => executor.groupOf(n));
  const broken = best.forensic?.object ?? null;
  // What is about no single object (a list, say) may be what saw that this one broke.
  const concerning = groups.filter((group) => {
    const objects = group.flatMap((n) => begun.get(n)?.object ?? []);
    return broken === null || objects.length === 0 || objects.includes(broken);
  });
  const concerns = new Set(concerning.flat());
  const citizens = new Set([...concerns].map((n) => begun.get(n)?.actor));
  return {
    onObject: all.filter((n) => concerns.has(n)),
    ofCitizens: all.filter((n) => concerns.has(n) || citizens.has(begun.get(n)?.actor)),
    byObject: grouped(all, (n) => begun.get(n)?.object),
    byActor: grouped(all, (n) => begun.get(n)?.actor),
  };
}

function grouped(numbers: readonly number[], keyOf: (n: number) => unknown): number[][] {
  const groups = new Map<unknown, number[]>();
  for (const n of numbers) {
    const key = keyOf(n);
    const group = groups.get(key);
    if (group) group.push(n);
    else groups.set(key, [n]);
  }
  // The largest first: what it takes away is no longer there to be tried.
  return [...groups.values()].sort((a, b) => b.length - a.length);
}
