/** Walks two histories side by side to the first event that differs. Memory stays flat however long they are. */
import type { RunEvent } from '../../server/contract/index.ts';
import { type Difference, differences, GatedDifferences } from './event-difference.ts';

export interface Parting {
  /** Index of the first event that differs. */
  index: number;
  /** Null where that history has ended. */
  left: RunEvent | null;
  right: RunEvent | null;
  differences: Difference[];
  /** The last events that both have, oldest first. */
  before: RunEvent[];
  /** What follows on each side. */
  leftAfter: RunEvent[];
  rightAfter: RunEvent[];
}

export interface Comparison {
  /** Events that both have. */
  common: number;
  /** The event with which each begins, for its versions. */
  leftStart: RunEvent | null;
  rightStart: RunEvent | null;
  /** Index of the event at which the faults were healed, if both have it. */
  healedAt: number | null;
  /** What differs in the `start` events, where that alone is no parting. */
  settings: Difference[];
  /** Null when nothing differs. */
  parting: Parting | null;
  /** How many UUIDs and timestamps were renamed; null for runs without a gate. */
  renamed: { uuids: number; timestamps: number } | null;
}

export interface CompareOptions {
  /** Events told before and after the one that differs. */
  around?: number;
  /** True when the left history is only the beginning of what the right one may hold. */
  leftIsPrefix?: boolean;
  /** True for runs whose settings may differ: what came of them is compared behind the `start` events. */
  passStart?: boolean;
  /** True for runs behind a gate: UUIDs and timestamps are renamed one to one. */
  isGated?: boolean;
}

const EVENTS_AROUND = 3;

export async function compareHistories(
  left: AsyncIterable<RunEvent>,
  right: AsyncIterable<RunEvent>,
  { around = EVENTS_AROUND, leftIsPrefix = false, passStart = false, isGated = false }: CompareOptions,
): Promise<Comparison> {
  const lefts = left[Symbol.asyncIterator]();
  const rights = right[Symbol.asyncIterator]();
  const before: RunEvent[] = [];
  const comparison: Comparison = {
    common: 0,
    leftStart: null,
    rightStart: null,
    healedAt: null,
    settings: [],
    parting: null,
    renamed: null,
  };
  const gated = isGated ? new GatedDifferences() : null;
  try {
    for (;;) {
      const a = await nextOf(lefts);
      if (a === null && leftIsPrefix) return comparison;
      const b = await nextOf(rights);
      if (comparison.common === 0) Object.assign(comparison, { leftStart: a, rightStart: b });
      if (a === null && b === null) return comparison;
      let differing = a !== null && b !== null ? (gated?.of(a, b) ?? differences(a, b)) : [];
      if (gated) comparison.renamed = gated.renamed;
      if (passStart && a?.type === 'start' && b?.type === 'start') {
        comparison.settings = differing;
        differing = [];
      }
      if (a === null || b === null || differing.length > 0) {
        const leftAfter = await take(lefts, around);
        const rightAfter = await take(rights, around);
        const index = comparison.common;
        comparison.parting = {
          index,
          left: a,
          right: b,
          differences: differing,
          before,
          leftAfter,
          rightAfter,
        };
        return comparison;
      }
      if (a.type === 'heal') comparison.healedAt = comparison.common;
      comparison.common++;
      before.push(a);
      if (before.length > around) before.shift();
    }
  } finally {
    await lefts.return?.();
    await rights.return?.();
  }
}

async function nextOf(events: AsyncIterator<RunEvent>): Promise<RunEvent | null> {
  const { value, done } = await events.next();
  return done ? null : value;
}

async function take(events: AsyncIterator<RunEvent>, count: number): Promise<RunEvent[]> {
  const taken: RunEvent[] = [];
  while (taken.length < count) {
    const event = await nextOf(events);
    if (event === null) break;
    taken.push(event);
  }
  return taken;
}
