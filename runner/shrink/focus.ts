/** The big steps of shrinking: guesses at what a failure needs, before delta debugging takes small ones. */
import { Prng } from '../sim/prng.ts';
import { dropChunks, dropGroups } from './ddmin.ts';
import { byNearness } from './nearness.ts';
import { type Patience, type Search, triesOf } from './search.ts';

/** Parts that are larger than this are worth guessing at. */
const LARGE = 10;
/** Operations of a guess, from and to. */
const GUESS_SIZE = [2, 12] as const;
/** A guess takes its operations among so many of the newest. */
const GUESS_REACH = 120;

/** Lanes with which a whole run is tried, and how often. */
const FEW_LANES = [1, 2];
const CALM_VARIANTS = 8;
/** Large parts are taken apart into so many chunks at most. */
const MOST_CHUNKS = 64;
/** What happens to the whole city, and not to one request. */
const OF_CITY: ReadonlySet<string> = new Set(['clock', 'clock-skew', 'crash', 'burst', 'pool-exhaustion']);

/** What is known of the failing part: which of its operations had to do with what broke. */
interface Suspects {
  /** On the object that broke, or on all. */
  onObject: number[];
  /** Those, and all of the citizens who had to do with that object. */
  ofCitizens: number[];
  byObject: number[][];
  byActor: number[][];
}

export async function focus(search: Search, start: number): Promise<void> {
  if (search.executor.isRepeatable) {
    if (start === 0) await nearestOf(search, 'few');
    await calm(search, start);
    await shed(search);
    if (search.best.candidate.operations.length <= LARGE) return;
    if (await nearestOf(search, 'worth')) return await shed(search);
  }
  search.stage('the object that broke');
  const suspects = suspectsOf(search);
  await search.accept({ faults: false });
  if (await newestOf(suspects.onObject, search)) return;
  if (await search.acceptOperations(suspects.onObject, 'most')) return;
  if (await newestOf(suspects.ofCitizens, search)) return;
  search.stage('citizens and objects');
  await search.acceptOperations(suspects.ofCitizens);
  const fails = (part: readonly number[]) => search.acceptOperations(part);
  await dropGroups(search.best.candidate.operations, suspects.byObject, fails);
  await dropGroups(search.best.candidate.operations, suspects.byActor, fails);
}

/** With fewer citizens at work and without faults, less hangs on what is taken away. */
async function calm(search: Search, start: number): Promise<void> {
  search.stage('one after another');
  await search.accept({ faults: false });
  const variants = triesOf(search.best.candidate.operations.length, CALM_VARIANTS);
  const lanes = start === 0 ? FEW_LANES : [...FEW_LANES, search.best.candidate.concurrency];
  const first = start * CALM_VARIANTS;
  for (const concurrency of lanes) {
    for (let variant = first; variant < first + variants; variant++) {
      if (!(await search.accept({ concurrency, variant }))) continue;
      const { trace } = search.best;
      await search.acceptOperations(trace.begun.map(({ n }) => n).sort((a, b) => a - b));
      await search.accept({ faults: false });
      return;
    }
  }
}

/** Takes away what can go at once, as long as something does. */
export async function shed(search: Search): Promise<void> {
  search.stage('what can go');
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const { operations } = search.best.candidate;
    if (operations.length >= before || search.spent) return;
    before = operations.length;
    await dropChunks(operations, MOST_CHUNKS, (part) => search.acceptOperations(part, 'least'));
  }
}

/** Takes one operation away after the other, in other timings too; after each what can go then. */
export async function thin(search: Search): Promise<void> {
  search.stage('operations');
  for (let left = search.best.candidate.operations; left.length > 0 && !search.spent; ) {
    const gone = left.at(-1);
    left = left.slice(0, -1);
    const rest = search.best.candidate.operations.filter((n) => n !== gone);
    if (!(await search.acceptOperations(rest))) continue;
    await shed(search);
    left = search.best.candidate.operations;
  }
}

/** The nearest few to the failure, each time some more; also with those that something happened to the city with. */
async function nearestOf(search: Search, patience: Patience): Promise<boolean> {
  search.stage('what shares names with what broke');
  const { best } = search;
  const order = byNearness(best);
  const kept = new Set(best.candidate.operations);
  const struck = carriersOf(best.trace.struck);
  for (let size = 2; size < order.length && !search.spent; size = Math.ceil(size * 1.5)) {
    const nearest = order.slice(0, size).filter((n) => kept.has(n));
    const carried = struck.filter((n) => n > Math.min(...nearest));
    for (const part of [nearest, [...new Set([...nearest, ...carried])]]) {
      if (
        await search.acceptOperations(
          part.sort((a, b) => a - b),
          patience,
        )
      )
        return true;
    }
  }
  return false;
}

/** The operations with which something happened to the whole city. */
function carriersOf(struck: readonly string[]): number[] {
  const ofCity = struck.filter((fault) => OF_CITY.has(fault.split('.')[2] ?? ''));
  return [...new Set(ofCity.map((fault) => Number(fault.split('.')[0])))];
}

/** Few groups often do, and are soon tried: from the newest few on, each time some more. */
async function newestOf(operations: readonly number[], search: Search): Promise<boolean> {
  const { executor } = search;
  const groups = [...new Set(operations.map((n) => executor.groupOf(n)))];
  for (let size = 3; size < groups.length && !search.spent; size = Math.ceil(size * 1.5)) {
    const newest = new Set(groups.slice(-size));
    const part = operations.filter((n) => newest.has(executor.groupOf(n)));
    if (await search.acceptOperations(part, 'most')) return true;
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
