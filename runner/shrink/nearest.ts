/** A first step of shrinking: the few operations that are nearest to the failure. */
import { byNearness } from './nearness.ts';
import type { Patience, Search } from './search.ts';

/** So many operations are taken for near a failure, at most. */
const MOST_NEAR = 100;
/** What happens to the whole city, and not to one request. */
const OF_CITY: ReadonlySet<string> = new Set(['clock', 'clock-skew', 'crash', 'burst', 'pool-exhaustion']);

/** The nearest few to the failure, each time some more; also with those that something happened to the city with. */
export async function nearestOf(search: Search, patience: Patience): Promise<boolean> {
  search.stage('what shares names with what broke');
  const { best } = search;
  const order = byNearness(best);
  const kept = new Set(best.candidate.operations);
  const struck = carriersOf(best.trace.struck);
  const most = Math.min(order.length, MOST_NEAR);
  for (let size = 2; size < most && !search.spent; size = Math.ceil(size * 1.5)) {
    const nearest = order.slice(0, size).filter((n) => kept.has(n));
    const carried = struck.filter((n) => n > Math.min(...nearest));
    for (const part of [nearest, [...new Set([...nearest, ...carried])]]) {
      const ascending = part.sort((a, b) => a - b);
      if (await search.acceptOperations(ascending, patience)) return true;
    }
  }
  return false;
}

/** The operations with which something happened to the whole city. */
function carriersOf(struck: readonly string[]): number[] {
  const ofCity = struck.filter((fault) => OF_CITY.has(fault.split('.')[2] ?? ''));
  return [...new Set(ofCity.map((fault) => Number(fault.split('.')[0])))];
}
