/** A schedule given as a list of positions, as a reduction holds it; past its end the longest ready goes. */
import type { Candidate, Strategy } from './strategy.ts';

export function listed(positions: readonly number[]): Strategy {
  let next = 0;
  return {
    pick: (ready: readonly Candidate[]) => Math.min(positions[next++] ?? 0, ready.length - 1),
    done: () => {},
  };
}
