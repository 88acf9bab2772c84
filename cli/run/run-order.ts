/** The orders in which runs are listed. */
import type { Run } from '../../server/contract/run.ts';
import type { Outcome } from '../../server/contract/run-values.ts';
import { runOutcome } from './outcome.ts';

export const ORDERS = ['newest', 'status', 'events', 'duration', 'seed'] as const;
export type Order = (typeof ORDERS)[number];

const RANK: Record<Outcome, number> = {
  RUNNING: 0,
  STOPPING: 1,
  QUEUED: 2,
  FAIL: 3,
  'ADAPTER ERROR': 4,
  LOST: 5,
  STOPPED: 6,
  PASS: 7,
};

const COMPARE: Record<Order, (a: Run, b: Run) => number> = {
  newest: () => 0,
  status: (a, b) => RANK[runOutcome(a)] - RANK[runOutcome(b)],
  events: (a, b) => b.live.eventIndex - a.live.eventIndex,
  duration: (a, b) => (b.durationSecondsActual ?? Infinity) - (a.durationSecondsActual ?? Infinity) || 0,
  seed: (a, b) => a.seed - b.seed,
};

/** `runs`, of which the newest come first, in another order; the newest first of those that it puts beside each other. */
export function sortedRuns(runs: readonly Run[], order: Order): readonly Run[] {
  return order === 'newest' ? runs : runs.toSorted(COMPARE[order]);
}
