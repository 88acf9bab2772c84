/**
 * The online linearizability check of one object: after each completion it knows whether some order of the
 * operations, each at one instant of its interval, explains all answers so far.
 *
 * The search is Wing & Gong's (Testing and Verifying Concurrent Objects, 1993), just in time as in Lowe
 * (Testing for Linearizability, 2017): an operation is given its place when its completion forces it, and
 * configurations are remembered. Histories are split by object (Horn & Kroening, Faster Linearizability
 * Checking via P-Compositionality, 2015). To these it adds: one witness order is extended event by event,
 * and only when it breaks another is searched for, with all answers known by then; operations are done
 * early only where that can matter (`candidates`), and orders that another one covers are dropped
 * (`subsumption`). What all open operations began after is folded into the set of configurations that it
 * allows, and forgotten.
 */
import { ANY_TIME, type SequentialModel, type When } from '../model.ts';
import { type Readings, RIGHT_CLOCK } from '../service-time.ts';
import { statesByThemselves } from './by-itself.ts';
import { SearchExhausted } from './crossing.ts';
import type { CheckCost, HistoryEvent, Kept, Op, OpId, Verdict } from './history.ts';
import { FOLD_EVERY_EVENTS, KeptHistory } from './kept-history.ts';
import { Steps } from './steps.ts';

export type { CheckCost, OpId, Place, Verdict } from './history.ts';

export interface LinearizabilityOptions {
  /** Configurations that are looked at for one answer, at most; beyond, the verdict is `unknown`. */
  maxConfigurations?: number;
  /** What the run told the target to build; handed to the model. */
  world?: unknown;
  /** Events after which the history is folded; fewer cost more time, more cost more memory. */
  foldEvery?: number;
  /** Counts what checking costs, together with those that share it. */
  cost?: CheckCost;
  /**
   * Counts positions, together with those whose histories may be joined to this one, and is told the time by whoever asks
   * of a `timed` model; its own when left out.
   */
  clock?: { at: number; ms: number };
  /** For a `timed` model; left out: the service's clock is right. */
  readings?: Readings;
}

/** What one checker hands to another: the history that it keeps, and what it could not forget yet. */
export interface CheckerContents<State, Call, Answer> {
  readonly history: Kept<State, Call, Answer>;
  readonly held: readonly unknown[];
}

const OK = { ok: true } as const;
const DEFAULT_MAX_CONFIGURATIONS = 20_000;

export class LinearizabilityChecker<State, Call, Answer> {
  readonly #model: SequentialModel<State, Call, Answer>;
  readonly #cost: CheckCost;
  /** Null once a verdict was not ok: nothing more can be told then, and `#reason` says why. */
  #history: KeptHistory<State, Call, Answer> | null;
  #reason = '';
  /** A violation found when nobody asked; told with the next verdict. */
  #late: Verdict<State> | null = null;
  readonly #clock: { at: number; ms: number };
  readonly #steps: Steps<State, Call, Answer>;
  /** What is to be forgotten once no operation that uses it is open. */
  #held: unknown[] = [];

  constructor(
    model: SequentialModel<State, Call, Answer>,
    object: string,
    options: LinearizabilityOptions = {},
  ) {
    this.#model = model;
    const state = model.initial(object, options.world);
    const most = options.maxConfigurations ?? DEFAULT_MAX_CONFIGURATIONS;
    this.#clock = options.clock ?? { at: 0, ms: 0 };
    this.#cost = options.cost ?? { answers: 0, searches: 0, configurations: 0 };
    this.#steps = new Steps(model, options.readings ?? RIGHT_CLOCK);
    this.#history = new KeptHistory(
      this.#steps,
      state,
      most,
      options.foldEvery ?? FOLD_EVERY_EVENTS,
      this.#cost,
    );
  }

  /** What it goes on from, and what it was told to forget and cannot yet; null once a verdict was not ok. */
  get contents(): CheckerContents<State, Call, Answer> | null {
    const history = this.#history?.contents;
    return history ? { history, held: this.#held } : null;
  }

  /** Goes on from the contents of another one; null: as one that cannot tell anything, for this reason. */
  resume(contents: CheckerContents<State, Call, Answer> | null, reason = ''): void {
    if (!contents) return this.#end(reason);
    this.#history?.resume(contents.history);
    this.#held = [...contents.held];
  }

  /** Configurations at the beginning of what is kept. */
  get size(): number {
    return this.#history?.size ?? 0;
  }

  /** Operations that can still take effect at some place of what is kept. */
  get pending(): number {
    return this.#history?.kept.length ?? 0;
  }

  /** `call` begins. `id` must be new among the open operations. */
  invoke(id: OpId, call: Call): void {
    this.#history?.open({
      id,
      call,
      invokedAt: ++this.#clock.at,
      invokedMs: this.#clock.ms,
      status: 'pending',
      answer: undefined,
      endedAt: Number.POSITIVE_INFINITY,
      identity: this.#model.repeats?.identity(call) ?? null,
      repeatedUntil: Number.POSITIVE_INFINITY,
      tracked: false,
      hopes: 0,
    });
  }

  /** The only state that is possible, when nothing is under way or can still happen; otherwise undefined. */
  get settled(): State | undefined {
    return this.#history?.settledState();
  }

  /** The operation answered. A verdict that is not ok is final: later ones are `unknown`. */
  complete(id: OpId, answer: Answer): Verdict<State> {
    if (!this.#history) return this.#afterEnd();
    this.#cost.answers++;
    const op = this.#find(id);
    op.status = 'answered';
    op.answer = answer;
    op.endedAt = ++this.#clock.at;
    if (this.#completeAlone(this.#history, op, answer)) return OK;
    return this.#decide(this.#history, { kind: 'complete', at: op.endedAt, ms: this.#clock.ms, op });
  }

  /** No answer came, and none will: the operation may take effect at any later instant, or never. */
  unknown(id: OpId): void {
    if (!this.#history) return;
    const op = this.#find(id);
    op.status = 'unknown';
    this.#history.track(op);
  }

  /** An operation without an answer can take effect no more from now on: it did since its invocation, or never will. */
  expire(id: OpId): Verdict<State> {
    if (!this.#history) return this.#afterEnd();
    const op = this.#open(id);
    // It was unknown, and is forgotten since because nothing can come of it any more.
    if (!op) return OK;
    this.#history.track(op);
    op.status = 'expired';
    op.endedAt = ++this.#clock.at;
    return this.#decide(this.#history, { kind: 'expire', at: op.endedAt, ms: this.#clock.ms, op });
  }

  /** `what` (for bookings a citizen with a key) will not be used again: the model may drop what it keeps for it. */
  forget(what: unknown): void {
    const history = this.#history;
    if (!history || !this.#model.forget) return;
    const identity = this.#model.repeats?.identity(what) ?? null;
    if (identity !== null && history.endRepeats(identity, this.#clock.at)) {
      this.#held.push(what);
      return;
    }
    const state = history.settledState();
    if (state === undefined) {
      const verdict = this.#decide(history, {
        kind: 'forget',
        at: ++this.#clock.at,
        ms: this.#clock.ms,
        what,
      });
      if (verdict.ok === false) this.#late = verdict;
      return;
    }
    history.settle(this.#model.forget(state, what));
    if (identity !== null) history.dropRefusals(identity);
  }

  /** A read of the object at an instant at which the engine knows nothing else to be under way. */
  quiescentCheck(answer: Answer, call: Call): Verdict<State> {
    this.invoke(-1, call);
    return this.complete(-1, answer);
  }

  /**
   * Every state that is possible now, apart from what open operations may be about to do; only one of them
   * when listing all would take long, and none once a verdict was not ok.
   */
  states(): State[] {
    const byKey = new Map<string, State>();
    for (const { state } of this.#history?.frontier() ?? []) byKey.set(this.#model.key(state), state);
    return [...byKey.values()];
  }

  #open(id: OpId): Op<Call, Answer> | null {
    const kept = this.#history?.kept ?? [];
    for (let i = kept.length - 1; i >= 0; i--) {
      const op = kept[i] as Op<Call, Answer>;
      if (op.id === id && op.endedAt === Number.POSITIVE_INFINITY) return op;
    }
    return null;
  }

  #find(id: OpId): Op<Call, Answer> {
    const op = this.#open(id);
    if (!op) throw new Error(`The operation ${id} is not open: invoke it before it ends, and end it once.`);
    return op;
  }

  /** The fast path, for an operation by itself; false when it does not apply. */
  #completeAlone(history: KeptHistory<State, Call, Answer>, op: Op<Call, Answer>, answer: Answer): boolean {
    const before = history.settledState(op);
    if (before === undefined) return false;
    const { model } = this.#steps;
    const when = this.#steps.when(op, this.#clock);
    const after = model.apply(before, op.call, answer, when);
    if (after === null || (model.alternatives?.(before, op.call, answer, when).length ?? 0) > 0) return false;
    // What happens by itself may have come before, too.
    if (after !== before && this.#steps.mayChangeByItself(before, this.#clock)) return false;
    history.noteRefusal(op);
    history.settle(after);
    return true;
  }

  #decide(history: KeptHistory<State, Call, Answer>, event: HistoryEvent<Call, Answer>): Verdict<State> {
    try {
      if (!history.add(event)) return this.#violation(event);
      if (event.kind === 'complete') history.noteRefusal(event.op);
      const folded = history.foldIfDue();
      if (folded === 'impossible') return this.#violation(event);
      if (folded === 'some') for (const what of this.#held.splice(0)) this.forget(what);
      return OK;
    } catch (error) {
      if (!(error instanceof SearchExhausted)) throw error;
      this.#end(`undecided since an earlier operation on this object: ${error.message}`);
      return { ok: 'unknown', reason: error.message };
    }
  }

  #afterEnd(): Verdict<State> {
    const verdict = this.#late ?? { ok: 'unknown', reason: this.#reason };
    this.#late = null;
    return verdict;
  }

  #violation(event: HistoryEvent<Call, Answer>): Verdict<State> {
    const states = this.states();
    const when = event.kind === 'complete' ? this.#steps.when(event.op, event) : ANY_TIME;
    const allowed =
      event.kind === 'complete' ? states.flatMap((state) => this.#allowed(state, event.op.call, when)) : [];
    this.#end('an earlier answer on this object broke its history already');
    return { ok: false, allowed: [...new Set(allowed)], states, when };
  }

  /** What the model allows in `state`, and in what may come of it by itself. */
  #allowed(state: State, call: Call, when: When): string[] {
    return statesByThemselves(this.#model, state, when).flatMap((one) => [
      ...this.#model.describe(one, call, when),
    ]);
  }

  #end(reason: string): void {
    this.#history = null;
    this.#reason = reason;
    this.#held = [];
  }
}
