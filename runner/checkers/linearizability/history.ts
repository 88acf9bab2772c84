/** The part of an object's history that the checker still needs: its operations and the events that bind them. */

import type { When } from '../model.ts';

/** A number, or a text where operations of several objects are told apart. */
export type OpId = number | string;

/** One operation. Its interval goes from `invokedAt` to `endedAt`, both positions in the object's history. */
export interface Op<Call, Answer> {
  readonly id: OpId;
  readonly call: Call;
  readonly invokedAt: number;
  /** In ms since 1970. */
  readonly invokedMs: number;
  /** `unknown`: no answer will come, it may take effect at any later instant or never. */
  status: 'pending' | 'unknown' | 'answered' | 'expired';
  answer: Answer | undefined;
  /** The last position at which it can take effect; infinite while that is open. */
  endedAt: number;
  /** Shared with its repeats. */
  readonly identity: string | null;
  /** The position from which no repeat of it comes any more; infinite while that is open. */
  repeatedUntil: number;
  /** True once a repeat could be given what this request may have been refused with. */
  tracked: boolean;
  /** The refusals that a repeat could be given, one bit each; only these are worth knowing. */
  hopes: number;
}

/** A place in a history: the position, and the instant in ms since 1970. */
export interface Place {
  readonly at: number;
  readonly ms: number;
}

/** What a history is made of besides invocations, in order. */
export type HistoryEvent<Call, Answer> = Place &
  (
    | { readonly kind: 'complete' | 'expire'; readonly op: Op<Call, Answer> }
    | { readonly kind: 'forget'; readonly what: unknown }
  );

/** An operation that took effect although it has not ended. Without `outcome` its answer was known already. */
export interface Done<Call, Answer> {
  readonly op: Op<Call, Answer>;
  readonly outcome: string | undefined;
  /** True when it changed nothing. */
  readonly observed: boolean;
}

/** The refusals that a request under way could have met so far, one bit each. */
export interface Met<Call, Answer> {
  readonly op: Op<Call, Answer>;
  readonly bits: number;
}

/** One way in which the history so far can have gone: the state, and what of the open operations has happened. */
export interface Configuration<State, Call, Answer> {
  readonly state: State;
  readonly done: readonly Done<Call, Answer>[];
  readonly met: readonly Met<Call, Answer>[];
}

/** All that is kept of a history: what its check can be given up with, and begun again. */
export interface Kept<State, Call, Answer> {
  /** What can be true before the first event. */
  readonly roots: readonly Configuration<State, Call, Answer>[];
  readonly events: readonly HistoryEvent<Call, Answer>[];
  /** One way through the events: the configuration before each of them, and after the last. */
  readonly way: readonly Configuration<State, Call, Answer>[];
  /** The operations that can still take effect at some place of it, by invocation. */
  readonly kept: readonly Op<Call, Answer>[];
  /** Those whose refusals, met but not answered, a repeat may be given. */
  readonly tracked: readonly Op<Call, Answer>[];
  readonly refused: Refused;
}

/** Where each refusal was answered first, by identity: for each refusal a position, or infinity. */
export type Refused = ReadonlyMap<string, number[]>;

/** What checking has cost so far, in units that every machine counts alike. */
export interface CheckCost {
  /** Answers held against the model. */
  answers: number;
  /** Those that the order found so far did not explain, so that another was searched for. */
  searches: number;
  /** Configurations looked at in searches. */
  configurations: number;
}

export type Verdict<State> =
  | { readonly ok: true }
  /** No order of the operations explains the answer: what would have been allowed then, and in which states. */
  | {
      readonly ok: false;
      readonly allowed: readonly string[];
      readonly states: readonly State[];
      readonly when: When;
    }
  | { readonly ok: 'unknown'; readonly reason: string };
