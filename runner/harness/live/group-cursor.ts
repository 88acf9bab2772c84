/**
 * Which groups of a plan are begun, and which of their requests: all, or those that a reduction keeps. The
 * number of a request tells its group, the wave of it, its place there, and how far down its chain it is.
 */
import { PlanCursor } from '../plan.ts';

/** Numbers of one group; of one wave of it; of one chain of requests in that. */
const GROUP = 100_000;
const WAVE = 2_000;
const CHAIN = 20;
/** Groups that are not drawn in turn but come up on the way, after a restart, are counted from here. */
const FIRST_EXTRA = 10_000_000;

/** The number of a request. Those of a run with enormous groups may have numbers in common, which does no harm. */
export function numberOf(group: number, wave: number, place: number, depth: number): number {
  const within = Math.min(WAVE - 1, place * CHAIN + Math.min(depth, CHAIN - 1));
  return group * GROUP + Math.min(GROUP - 1, wave * WAVE + within);
}

export function groupOf(n: number): number {
  return Math.floor(n / GROUP);
}

export class GroupCursor {
  readonly #kept: ReadonlySet<number> | null;
  readonly #groups: PlanCursor;
  #extras = 0;

  /** `kept`: the numbers of the requests that are kept; null: all are. */
  constructor(kept: readonly number[] | null) {
    this.#kept = kept ? new Set(kept) : null;
    const groups = kept && [...new Set(kept.map(groupOf))].sort((a, b) => a - b);
    this.#groups = new PlanCursor(FIRST_EXTRA, groups?.filter((g) => g < FIRST_EXTRA) ?? null);
  }

  get isReduced(): boolean {
    return this.#kept !== null;
  }

  /** The number of the next group; null when there is none. */
  next(): number | null {
    return this.#groups.usedUp ? null : this.#groups.next();
  }

  /** The number for a group that comes up on the way. */
  extra(): number {
    return FIRST_EXTRA + this.#extras++;
  }

  keeps(n: number): boolean {
    return this.#kept?.has(n) ?? true;
  }
}
