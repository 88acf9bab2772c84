/**
 * Who stored which stretch of a run's history. An event is known by its index and its epoch together: where both are
 * equal, so is all before it, also in a database that lost commits or was restored, and went on from there.
 */
import type { Cursor } from '../contract/index.ts';

/** The events from `first` on, up to where the next one begins, were stored by one writer. */
export interface Epoch {
  first: number;
  epoch: string;
}

/** How far a history is stored, and by whom. */
export interface Stored {
  /** Index of the newest event; -1 before the first. */
  eventIndex: number;
  /** Ascending. */
  epochs: readonly Epoch[];
}

/** Null before the first event, and of runs that were claimed before epochs were kept. */
export function epochAt(epochs: readonly Epoch[], index: number): string | null {
  return epochs.findLast(({ first }) => first <= index)?.epoch ?? null;
}

/** The epoch of whom simcity_claim_run gave the token of that hash. */
export function epochOf(tokenHash: Buffer): string {
  return tokenHash.toString('hex', 0, 4);
}

/** `epochs`, when events from `first` on were stored in `epoch`. */
export function withEpoch(epochs: readonly Epoch[], first: number, epoch: string): readonly Epoch[] {
  if (epochs.at(-1)?.epoch === epoch) return epochs;
  return [...epochs.filter((each) => each.first < first), { first, epoch }];
}

/** False: whoever stands at `cursor` has read what is not stored, or no more. */
export function leadsTo({ eventIndex, epochs }: Stored, { index, epoch }: Cursor): boolean {
  if (index < 0) return true;
  return index <= eventIndex && (epoch === undefined || epoch === null || epoch === epochAt(epochs, index));
}

/** True when one of them is the beginning of the other. */
export function isSameHistory(a: Stored, b: Stored): boolean {
  const index = Math.min(a.eventIndex, b.eventIndex);
  return epochAt(a.epochs, index) === epochAt(b.epochs, index);
}
