/** Which operations of a failing part had to do with what broke. */
import type { Search } from './search.ts';

/** What is known of the failing part: which of its operations had to do with what broke. */
export interface Suspects {
  /** On the object that broke, or on all. */
  onObject: number[];
  /** Those, and all of the citizens who had to do with that object. */
  ofCitizens: number[];
  byObject: number[][];
  byActor: number[][];
}

export function suspectsOf({ best, executor }: Search): Suspects {
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
