/** What is expected of an explanation, and the usual answers to what makes it pass. */
import type { RunConfig, WhyKind } from '../../server/contract/index.ts';

/** What was found to make it pass. Null: it depends on the seed, or says nothing. */
export interface Passes {
  /** One request after another. */
  serial: boolean | null;
  /** The reader of the pair goes on only after what it was stale against. */
  turn: boolean | null;
  serializable: boolean | null;
}

export interface ExpectedWhy {
  /** A bug of the zoo, or a service in a file beside this one. */
  readonly bug?: string;
  readonly service?: string;
  readonly scenario: 'bookings' | 'transfers' | 'stays' | 'tickets';
  /** Faults that it needs beyond those of its scenario. Default none. */
  readonly faultRates?: RunConfig['faultRates'];
  /** The first is the fault's own; another is right where a seed shows another side of the same fault. */
  readonly kinds: readonly [WhyKind, ...WhyKind[]];
  /** The statement that read what was stale, or looked wrongly; null: there is none. */
  readonly read: RegExp | null;
  /** What changed it, or the statement whose effect is wrong; null: there is none. */
  readonly write: RegExp | null;
  readonly passes: Passes;
}

/** Requests that meet in the wrong place. */
export const meets: Passes = { serial: true, turn: true, serializable: true };
/** Their read and their write are in two transactions. */
export const meetsForAll: Passes = { serial: true, turn: true, serializable: false };
/** It needs nobody else. */
export const alone: Passes = { serial: false, turn: null, serializable: false };
