/** A schedule given as the requests that take the steps, as a reduction's order holds it; past its end the longest ready goes. */
import type { OrderEntry } from '../../../server/contract/index.ts';
import type { Candidate, Strategy } from './strategy.ts';

export interface OrderedOptions {
  readonly order: readonly OrderEntry[];
  /** Which request a candidate is, in every execution. */
  keyOf(candidate: Candidate): string;
  /** A step was taken by another request than the one whose turn it was; that one `isWaiting` when it is inside and cannot go on. */
  onNotAsAsked(isWaiting: boolean): void;
}

export function ordered({ order, keyOf, onNotAsAsked }: OrderedOptions): Strategy {
  let left = order.map(({ request, steps }) => ({ request, steps })).filter(({ steps }) => steps > 0);
  const arrived = new Set<string>();
  return {
    arrived(candidate) {
      arrived.add(keyOf(candidate));
    },
    awaitsArrival: () => left[0] !== undefined && !arrived.has(left[0].request),
    pick(ready) {
      const first = left[0];
      if (!first) return 0;
      const positions = new Map(ready.map((candidate, i) => [keyOf(candidate), i]));
      const entry = left.find(({ request }) => positions.has(request));
      if (entry !== first) onNotAsAsked(arrived.has(first.request));
      if (!entry) return 0;
      entry.steps--;
      if (entry.steps === 0) left = left.filter((each) => each !== entry);
      return positions.get(entry.request) as number;
    },
    done(candidate) {
      const key = keyOf(candidate);
      left = left.filter(({ request }) => request !== key);
    },
  };
}
