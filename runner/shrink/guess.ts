/** Guesses at what a failure needs: handfuls of operations. */
import { Prng } from '../sim/prng.ts';
import type { Search } from './search.ts';
import { suspectsOf } from './suspects.ts';

/** Parts that are larger than this are worth guessing at. */
export const LARGE = 10;
/** Operations of a guess, from and to. */
const GUESS_SIZE = [2, 12] as const;
/** A guess takes its operations among so many of the newest. */
const GUESS_REACH = 120;

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
