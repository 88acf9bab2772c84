/** The contract between a scenario's model and the linearizability checker: one object, described sequentially. */

/**
 * When something can have taken effect, in ms since 1970: whatever the service may have taken for the time meanwhile.
 * `to` is infinite while that is open.
 */
export interface When {
  readonly from: number;
  readonly to: number;
}

/** What a model that heeds no time is told. */
export const ANY_TIME: When = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/**
 * A sequential specification of one object (a slot), as the checker needs it. States are immutable values.
 * The first six functions are needed; the rest make a hot object affordable or a long history forgettable.
 */
export interface SequentialModel<State, Call, Answer> {
  /**
   * True when answers depend on the time. A timer is then a part of the state, with the instant at which it ends as an
   * interval as wide as it is known: what needs it running is right when `when.from` is not after that interval, what
   * needs it ended when `when.to` is not before it, and leaves it ended for good. Left out, every `when` is ANY_TIME.
   */
  readonly timed?: boolean;
  /** `world` is what the run told the target to build; the state of `object` in it before anything happened. */
  initial(object: string, world?: unknown): State;
  /**
   * The state after `call` took effect in `state` and answered `answer`, or null when the model does not
   * allow that answer there. Returns the same reference when nothing changes.
   */
  apply(state: State, call: Call, answer: Answer, when: When): State | null;
  /**
   * Every state-changing effect that `call` could have in `state` while its answer is not known (a pending
   * or unknown call), each with a token to be confirmed once the answer comes.
   */
  effects(state: State, call: Call, when: When): readonly Effect<State>[];
  /**
   * A call that took effect earlier with `outcome` now turns out to have answered `answer`: the state
   * refined by that knowledge (e.g. a booking id gets known), or null on contradiction. `when` is all of the call's.
   */
  confirm(state: State, call: Call, outcome: string, answer: Answer, when: When): State | null;
  /** Canonical text: equal for equal states. */
  key(state: State): string;
  /** For people: what the model would have allowed as answers to `call` in `state`. */
  describe(state: State, call: Call, when: When): readonly string[];

  /**
   * The states that one effect makes of `state` that nobody asked for: a sweep, a promotion. None may be `state` itself,
   * and however many follow each other, they lead to few states. `relevant`, `hopeless` and `spent` must be certain in
   * spite of them.
   */
  internal?(state: State, when: When): readonly State[];

  /** The states besides that of `apply`, for a call whose answer leaves open what exactly it did. */
  alternatives?(state: State, call: Call, answer: Answer, when: When): readonly State[];
  /**
   * May it matter to do `pending` before `target`: because it could help `target` to be allowed, or because
   * `target` could hinder it afterwards? False must be certain, for these two calls by themselves: chains
   * over further calls are followed by the checker. An answer that is not known is undefined.
   */
  relevant?(
    state: State,
    pending: Call,
    pendingAnswer: Answer | undefined,
    target: Call,
    targetAnswer: Answer | undefined,
  ): boolean;
  /**
   * True when `state` and all that the open calls can make of it will never allow `answer` to `call`. It
   * must be certain. `open` has every call that may still take effect before the answer, and may have more.
   */
  hopeless?(state: State, call: Call, answer: Answer, open: readonly OpenCall<Call, Answer>[]): boolean;
  /**
   * A name for calls any of which could take effect in place of any other with the same name, as far as
   * `others` (all calls that are open or to come, with what they are known to have answered) can tell; null
   * for a call that can be told apart. Asked only of calls whose answer is not known.
   */
  likeness?(state: State, call: Call, others: readonly OpenCall<Call, Answer>[]): string | null;
  /** True when a call with this answer changes nothing, whatever the state. */
  observes?(call: Call, answer: Answer): boolean;
  /**
   * The names of what `call` changes with this answer, or may change while that is undefined; none when it only looks.
   * Calls that have no name in common lead to the same state, whichever comes first. Only for a model of which an answer
   * tells all that a call did, and in which nothing happens by itself.
   */
  changes?(call: Call, answer: Answer | undefined): readonly string[];
  /** True when `call` can change nothing any more, in this state and in all that can follow. */
  spent?(state: State, call: Call): boolean;
  /** `what` will never be used again (a key, say): whatever is remembered only for its sake may go. */
  forget?(state: State, what: unknown): State;
  /**
   * The state of an object of which `answer` to `call` tells everything, when no earlier request is under
   * way or can come again; null when it does not tell everything. A history then begins anew from there.
   */
  settled?(call: Call, answer: Answer): State | null;
  /** For services that may give a repeated request its first refusal again. */
  readonly repeats?: Repeats<State, Call, Answer>;
}

export interface Effect<State> {
  readonly state: State;
  readonly outcome: string;
}

/** A call that may still take effect; its answer is undefined while it is not known. */
export interface OpenCall<Call, Answer> {
  readonly call: Call;
  readonly answer: Answer | undefined;
}

/** What a model says about requests that are repeats of each other (they share an idempotency key). */
export interface Repeats<State, Call, Answer> {
  /** Equal for a request, its repeats, and what `forget` is told of them; null for calls that have no repeats. */
  identity(callOrWhat: unknown): string | null;
  /** The refusals that a repeat may be given again. None of them changes the state. */
  readonly refusals: readonly Answer[];
  /** The index of `answer` in `refusals`, or -1. */
  refusalIndex(answer: Answer): number;
  /** May a repeat be given an earlier refusal again in `state`? (No longer once the request had its effect.) */
  mayRefuseAgain(state: State, call: Call): boolean;
}
