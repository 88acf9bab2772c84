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
import type { SequentialModel } from '../model.ts';
import { SearchExhausted } from './crossing.ts';
import type { Configuration, HistoryEvent, Op, Verdict } from './history.ts';
import { Search } from './search.ts';
import { Steps } from './steps.ts';
import { withoutSubsumed } from './subsumption.ts';

export type { Verdict } from './history.ts';

export interface LinearizabilityOptions {
  /** Configurations that are looked at for one answer, at most; beyond, the verdict is `unknown`. */
  maxConfigurations?: number;
  /** What the run told the target to build; handed to the model. */
  world?: unknown;
}

const OK = { ok: true } as const;
/** The history is folded when it has so many events more than after the last time. */
const FOLD_EVERY_EVENTS = 12;
/** Folding stops and waits for answers where it would leave more configurations than this. */
const FOLD_CONFIGURATIONS = 32;
const STEPS_TO_FOLD = 6_000;
/** A history that cannot be folded down to this is given up: an operation is open for too long. */
const MAX_EVENTS = 3_000;
/** How far back a new way branches off, in events; last of all at the beginning. */
const STEPS_BACK = [4, 24] as const;
/** The effort of such an attempt. */
const STEPS_AN_EVENT = 8;
const STEPS_FROM_LATE = 100;
/** So much more effort is allowed with each search, so that a hot object cannot hold up the run for long. */
const STEPS_EARNED = 500;
/** The effort to list all possible states for people; beyond, one of them is named. */
const STEPS_FOR_STATES = 1_000;

export class LinearizabilityChecker<State, Call, Answer> {
  readonly #model: SequentialModel<State, Call, Answer>;
  readonly #steps: Steps<State, Call, Answer>;
  readonly #search: Search<State, Call, Answer>;
  readonly #most: number;
  /** What can be true before the first event that is kept. */
  #roots: readonly Configuration<State, Call, Answer>[];
  #events: HistoryEvent<Call, Answer>[] = [];
  /** One way through the events: the configuration before each of them, and after the last. */
  #way: Configuration<State, Call, Answer>[];
  /** False when a request is tracked since, so that the way may lack what it met. */
  #isWayCurrent = true;
  #clock = 0;
  #foldAt = FOLD_EVERY_EVENTS;
  /** Steps that a search may take now: what one may take at most, less what the last ones took of it. */
  #credit: number;
  #foldWidth = FOLD_CONFIGURATIONS;
  #held: unknown[] = [];
  #given: string | null = null;

  constructor(
    model: SequentialModel<State, Call, Answer>,
    object: string,
    options: LinearizabilityOptions = {},
  ) {
    this.#model = model;
    this.#most = options.maxConfigurations ?? 20_000;
    this.#credit = this.#most;
    this.#steps = new Steps(model);
    this.#search = new Search(this.#steps, this.#most);
    const root = this.#steps.initial(model.initial(object, options.world));
    this.#roots = [root];
    this.#way = [root];
  }

  /** Configurations at the beginning of what is kept. */
  get size(): number {
    return this.#roots.length;
  }

  /** Operations that can still take effect. */
  get pending(): number {
    return this.#steps.live.length;
  }

  /** `call` begins. `id` must be new among the open operations. */
  invoke(id: number, call: Call): void {
    if (this.#given !== null) return;
    const op: Op<Call, Answer> = {
      id,
      call,
      invokedAt: ++this.#clock,
      status: 'pending',
      answer: undefined,
      endedAt: Number.POSITIVE_INFINITY,
      identity: this.#model.repeats?.identity(call) ?? null,
      repeatedUntil: Number.POSITIVE_INFINITY,
      tracked: false,
    };
    if (op.identity !== null) this.#trackRepeats(op);
    this.#steps.live.push(op);
  }

  /** The operation answered. A verdict that is not ok is final: later ones are `unknown`. */
  complete(id: number, answer: Answer): Verdict<State> {
    if (this.#given !== null) return { ok: 'unknown', reason: this.#given };
    const op = this.#find(id);
    op.status = 'answered';
    op.answer = answer;
    op.endedAt = ++this.#clock;
    const verdict = this.#isAlone(op) ? this.#completeAlone(op, answer) : null;
    if (verdict) return verdict;
    return this.#decide({ kind: 'complete', at: op.endedAt, op });
  }

  /** No answer came, and none will: the operation may take effect at any later instant, or never. */
  unknown(id: number): void {
    if (this.#given !== null) return;
    const op = this.#find(id);
    op.status = 'unknown';
    this.#track(op);
  }

  /** An operation without an answer can no longer take effect from now on: it did since its invocation, or never will. */
  expire(id: number): Verdict<State> {
    if (this.#given !== null) return { ok: 'unknown', reason: this.#given };
    const op = this.#open(id);
    // It was unknown, and is forgotten since because nothing can come of it any more.
    if (!op) return OK;
    this.#track(op);
    op.status = 'expired';
    op.endedAt = ++this.#clock;
    return this.#decide({ kind: 'expire', at: op.endedAt, op });
  }

  /** `what` (for bookings a citizen with a key) will not be used again: the model may drop what it keeps for it. */
  forget(what: unknown): void {
    if (this.#given !== null || !this.#model.forget) return;
    const identity = this.#model.repeats?.identity(what) ?? null;
    if (identity !== null && this.#endRepeats(identity)) this.#held.push(what);
    else if (this.#isIdle()) this.#forgetIdle(what, identity);
    else this.#decide({ kind: 'forget', at: ++this.#clock, what });
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
    if (this.#given !== null) return [];
    const byKey = new Map<string, State>();
    for (const { state } of this.#frontierNow()) byKey.set(this.#model.key(state), state);
    return [...byKey.values()];
  }

  #open(id: number): Op<Call, Answer> | null {
    const { live } = this.#steps;
    for (let i = live.length - 1; i >= 0; i--) {
      const op = live[i] as Op<Call, Answer>;
      if (op.id === id && op.endedAt === Number.POSITIVE_INFINITY) return op;
    }
    return null;
  }

  #find(id: number): Op<Call, Answer> {
    const op = this.#open(id);
    if (!op) throw new Error(`The operation ${id} is not open: invoke it before it ends, and end it once.`);
    return op;
  }

  #isIdle(): boolean {
    const { live, tracked } = this.#steps;
    return live.length === 0 && tracked.length === 0 && this.#events.length === 0 && this.#roots.length === 1;
  }

  #isAlone(op: Op<Call, Answer>): boolean {
    const { live, tracked } = this.#steps;
    return (
      live.length === 1 &&
      live[0] === op &&
      tracked.length === 0 &&
      this.#events.length === 0 &&
      this.#roots.length === 1
    );
  }

  /** The fast path: nothing else is open and one state is possible. Null when that state does not explain the answer. */
  #completeAlone(op: Op<Call, Answer>, answer: Answer): Verdict<State> | null {
    const root = this.#roots[0] as Configuration<State, Call, Answer>;
    const state = this.#model.apply(root.state, op.call, answer);
    if (state === null || (this.#model.alternatives?.(root.state, op.call, answer).length ?? 0) > 0)
      return null;
    this.#steps.live.length = 0;
    this.#noteRefusal(op);
    if (state !== root.state) this.#restart(state);
    return OK;
  }

  #restart(state: State): void {
    const root = this.#steps.initial(state);
    this.#roots = [root];
    this.#way = [root];
  }

  /** No repeat comes any more of the operations of this identity; true when one of them is open. */
  #endRepeats(identity: string): boolean {
    let isOpen = false;
    for (const op of this.#steps.live) {
      if (op.identity !== identity) continue;
      op.repeatedUntil = this.#clock;
      isOpen ||= op.endedAt === Number.POSITIVE_INFINITY;
    }
    return isOpen;
  }

  #forgetIdle(what: unknown, identity: string | null): void {
    const { state } = this.#roots[0] as Configuration<State, Call, Answer>;
    const after = this.#model.forget?.(state, what) ?? state;
    if (after !== state) this.#restart(after);
    if (identity !== null) this.#steps.refused.delete(identity);
  }

  /** A request that was sent more than once, or got no answer: what it is refused with unseen is kept from its beginning. */
  #track(op: Op<Call, Answer>): void {
    if (op.tracked || op.identity === null || op.repeatedUntil !== Number.POSITIVE_INFINITY) return;
    op.tracked = true;
    this.#steps.tracked.push(op);
    this.#isWayCurrent = false;
    this.#search.reset();
  }

  #trackRepeats(op: Op<Call, Answer>): void {
    for (const other of this.#steps.live) {
      if (other.identity !== op.identity || other.endedAt !== Number.POSITIVE_INFINITY) continue;
      this.#track(other);
      this.#track(op);
    }
  }

  #noteRefusal(op: Op<Call, Answer>): void {
    const { repeats } = this.#model;
    if (!repeats || op.identity === null) return;
    const index = repeats.refusalIndex(op.answer as Answer);
    if (index < 0) return;
    const known = this.#steps.refused.get(op.identity) ?? [];
    known[index] ??= op.endedAt;
    this.#steps.refused.set(op.identity, known);
  }

  /** Adds an event and finds whether some way leads over it. */
  #decide(event: HistoryEvent<Call, Answer>): Verdict<State> {
    const before = this.#way[this.#events.length];
    this.#events.push(event);
    try {
      if (!this.#findWay(event)) return this.#violation(event, before);
      if (event.kind === 'complete') this.#noteRefusal(event.op);
      this.#foldIfDue();
      return OK;
    } catch (error) {
      if (error instanceof SearchExhausted) return this.#giveUp(error.message);
      throw error;
    }
  }

  /** Another way, branching off as late as it goes: a little back with little effort, at the beginning with all of it. */
  #findWay(event: HistoryEvent<Call, Answer>): boolean {
    const length = this.#events.length;
    if (this.#tryFrom(length - 1)) return true;
    if (this.#isWayCurrent) {
      if (event.kind === 'complete' && this.#search.placeBack(this.#events, event.op, this.#way)) return true;
      for (const back of STEPS_BACK) if (back < length && this.#tryFrom(length - back)) return true;
    }
    this.#isWayCurrent = true;
    this.#search.refill(this.#credit);
    const isFound = this.#roots.some((root) => this.#search.findWay(this.#events, 0, root, this.#way));
    this.#credit = Math.min(this.#most, this.#search.left + STEPS_EARNED);
    return isFound;
  }

  #tryFrom(index: number): boolean {
    const from = this.#way[index];
    if (!from) return false;
    try {
      const steps = STEPS_FROM_LATE + (this.#events.length - index) * STEPS_AN_EVENT;
      this.#search.refill(Math.min(this.#most, steps));
      return this.#search.findWay(this.#events, index, from, this.#way);
    } catch (error) {
      if (error instanceof SearchExhausted) return false;
      throw error;
    }
  }

  #giveUp(why: string): Verdict<State> {
    this.#given = `undecided since an earlier operation on this object: ${why}`;
    this.#drop();
    return { ok: 'unknown', reason: why };
  }

  /** `before` is what one way had come to; it stands in where there are too many for all to be told. */
  #violation(
    event: HistoryEvent<Call, Answer>,
    before: Configuration<State, Call, Answer> | undefined,
  ): Verdict<State> {
    this.#events.pop();
    if (before) this.#way[this.#events.length] = before;
    const states = this.states();
    const call = event.kind === 'complete' ? event.op.call : null;
    const allowed = call === null ? [] : states.flatMap((state) => this.#model.describe(state, call));
    this.#given = 'an earlier answer on this object broke its history already';
    this.#drop();
    return { ok: false, allowed: [...new Set(allowed)], states };
  }

  #drop(): void {
    this.#steps.live = [];
    this.#steps.tracked = [];
    this.#steps.refused.clear();
    this.#events = [];
    this.#held = [];
    this.#search.reset();
  }

  #frontierNow(): readonly Configuration<State, Call, Answer>[] {
    this.#search.refill(Math.min(this.#most, STEPS_FOR_STATES));
    const { configs, count } = this.#search.frontier(this.#roots, this.#events, STEPS_FOR_STATES);
    if (count === this.#events.length) return configs;
    const last = this.#way[this.#events.length];
    return last ? [last] : [];
  }

  #foldIfDue(): void {
    const oldest = this.#steps.live.find((op) => op.status === 'pending');
    if (oldest && this.#events.length < this.#foldAt) return;
    const count = oldest ? this.#events.findIndex((event) => event.at > oldest.invokedAt) : -1;
    this.#fold(count < 0 ? this.#events.length : count);
    this.#foldAt = Math.max(FOLD_EVERY_EVENTS, Math.ceil(this.#events.length * 1.5));
    if (this.#events.length > MAX_EVENTS) {
      throw new SearchExhausted(this.#most);
    }
  }

  /** Replaces the first `wanted` events by the configurations that they leave, or as many as leave few for now. */
  #fold(wanted: number): void {
    if (wanted === 0) return;
    this.#search.refill(Math.min(this.#most, STEPS_TO_FOLD));
    const most = Math.min(this.#most, this.#foldWidth);
    const { configs, count } = this.#search.frontier(this.#roots, this.#events.slice(0, wanted), most);
    this.#foldWidth = count > 0 ? FOLD_CONFIGURATIONS : this.#foldWidth * 2;
    if (count === 0) return;
    const folded = this.#events.slice(0, count);
    this.#roots = configs;
    this.#events = this.#events.slice(count);
    this.#way = this.#way.slice(count);
    this.#search.reset();
    this.#forgetFolded(folded);
  }

  #forgetFolded(folded: readonly HistoryEvent<Call, Answer>[]): void {
    const at = (folded[folded.length - 1] as HistoryEvent<Call, Answer>).at;
    const gone = new Set<string | null>();
    for (const event of folded) {
      if (event.kind !== 'forget') continue;
      const identity = this.#model.repeats?.identity(event.what) ?? null;
      gone.add(identity);
      if (identity !== null) this.#steps.refused.delete(identity);
    }
    const isOver = (op: Op<Call, Answer>) =>
      op.endedAt <= at || (op.status === 'unknown' && this.#isSettled(op));
    const over = new Set(this.#steps.live.filter(isOver));
    this.#steps.live = this.#steps.live.filter((op) => !over.has(op));
    this.#steps.tracked = this.#steps.tracked.filter(
      (op) => op.repeatedUntil > at && !gone.has(op.identity) && !(over.has(op) && op.status !== 'expired'),
    );
    this.#strip(over);
    for (const what of this.#held.splice(0)) this.forget(what);
  }

  /** True when `op` has happened or can change nothing any more, whichever root is true. */
  #isSettled(op: Op<Call, Answer>): boolean {
    const { spent } = this.#model;
    return this.#roots.every(
      (root) => root.done.some((entry) => entry.op === op) || spent?.(root.state, op.call) === true,
    );
  }

  #strip(over: ReadonlySet<Op<Call, Answer>>): void {
    const clean = (config: Configuration<State, Call, Answer>) => ({
      state: config.state,
      done: config.done.filter((entry) => !over.has(entry.op)),
      met: config.met.filter((met) => this.#steps.tracked.includes(met.op)),
    });
    this.#roots = withoutSubsumed(this.#model, this.#roots.map(clean));
    this.#way = this.#way.map(clean);
  }
}
