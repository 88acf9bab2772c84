/**
 * The part of an object's history that is kept: what can be true at its beginning, the events since, and
 * one way through them. It grows by events, and is folded from the front.
 */
import type { SequentialModel } from '../model.ts';
import { SearchExhausted } from './crossing.ts';
import type { CheckCost, Configuration, HistoryEvent, Kept, Op } from './history.ts';
import { Mending } from './mending.ts';
import { isOneState } from './one-state.ts';
import { Search } from './search.ts';
import type { Steps } from './steps.ts';
import { withoutSubsumed } from './subsumption.ts';

/** The history is folded when it has so many events, unless it says otherwise: later, more answers are known. */
export const FOLD_EVERY_EVENTS = 256;
/** Folding stops and waits for answers where it would leave more configurations than this. */
const FOLD_CONFIGURATIONS = 32;
/** The effort, doubled with the width when it did not suffice. */
const STEPS_TO_FOLD_AN_EVENT = 12;
/** A history that cannot be folded down to this is given up: an operation is open for too long. */
const MAX_EVENTS = 3_000;
/** How far back a new way branches off, in events; last of all at the beginning. */
const STEPS_BACK = [4, 24] as const;
/** The effort of such an attempt. */
const STEPS_AN_EVENT = 8;
const STEPS_FROM_LATE = 16;
/** The effort to mend a way, in events that are passed. */
const EVENTS_TO_MEND = 1_000;
/** So much more effort is allowed with each search, so that a hot object cannot hold up the run for long. */
const STEPS_EARNED = 500;
/** The effort to list all possible states for people; beyond, one of them is named. */
const STEPS_FOR_STATES = 1_000;

/** What folding did to the history. */
type Folded = 'nothing' | 'some' | 'impossible';

export class KeptHistory<State, Call, Answer> {
  readonly #model: SequentialModel<State, Call, Answer>;
  readonly #steps: Steps<State, Call, Answer>;
  readonly #search: Search<State, Call, Answer>;
  readonly #most: number;
  /** What can be true before the first event that is kept. */
  #roots: readonly Configuration<State, Call, Answer>[];
  #events: HistoryEvent<Call, Answer>[] = [];
  /** One way through the events: the configuration before each of them, and after the last. */
  #way: Configuration<State, Call, Answer>[];
  readonly #cost: CheckCost;
  readonly #foldEvery: number;
  #foldAt: number;
  #foldWidth = FOLD_CONFIGURATIONS;
  /** Steps that a search may take now: what one may take at most, less what the last ones took of it. */
  #credit: number;

  /** At most `most` configurations are looked at for one event; folded is after `foldEvery` events at the soonest. */
  constructor(
    steps: Steps<State, Call, Answer>,
    state: State,
    most: number,
    foldEvery: number,
    cost: CheckCost,
  ) {
    this.#model = steps.model;
    this.#foldEvery = foldEvery;
    this.#foldAt = foldEvery;
    this.#most = most;
    this.#credit = most;
    this.#steps = steps;
    this.#search = new Search(this.#steps, most, cost);
    this.#cost = cost;
    this.#roots = [this.#steps.initial(state)];
    this.#way = [...this.#roots];
  }

  /** All of it. */
  get contents(): Kept<State, Call, Answer> {
    const { kept, tracked, refused } = this.#steps;
    return { roots: this.#roots, events: this.#events, way: this.#way, kept, tracked, refused };
  }

  /** Goes on from what another one kept, whose states are of the same model. */
  resume({ roots, events, way, kept, tracked, refused }: Kept<State, Call, Answer>): void {
    this.#roots = roots;
    this.#events = [...events];
    this.#way = [...way];
    this.#steps.kept = [...kept];
    this.#steps.tracked = [...tracked];
    for (const [identity, positions] of refused) this.#steps.refused.set(identity, positions);
  }

  /** Configurations at the beginning. */
  get size(): number {
    return this.#roots.length;
  }

  /** Operations that can still take effect at some place of what is kept, by invocation. */
  get kept(): readonly Op<Call, Answer>[] {
    return this.#steps.kept;
  }

  /** The state of the object when only one is possible and nothing but `op` is under way; otherwise undefined. */
  settledState(op?: Op<Call, Answer>): State | undefined {
    const { kept, tracked } = this.#steps;
    const isAlone = op ? kept.length === 1 && kept[0] === op : kept.length === 0;
    if (!isAlone || tracked.length > 0 || this.#events.length > 0 || this.#roots.length > 1) return undefined;
    return this.#roots[0]?.state;
  }

  /** Nothing is under way any more, and this is the state. */
  settle(state: State): void {
    this.#steps.kept.length = 0;
    if (state === this.#roots[0]?.state) return;
    const root = this.#steps.initial(state);
    this.#roots = [root];
    this.#way = [root];
  }

  open(op: Op<Call, Answer>): void {
    if (op.identity !== null) this.#trackRepeats(op);
    this.#steps.kept.push(op);
  }

  /**
   * Adds an event; false when no way leads over it. Throws SearchExhausted when that cannot be told with
   * the effort allowed.
   */
  add(event: HistoryEvent<Call, Answer>): boolean {
    const before = this.#way[this.#events.length];
    this.#events.push(event);
    const next = before && this.#steps.extend(before, event);
    if (next) {
      this.#way[this.#events.length] = next;
      return true;
    }
    this.#cost.searches++;
    if (this.#findWay(event)) return true;
    this.#events.pop();
    if (before) this.#way[this.#events.length] = before;
    return false;
  }

  /** The ways that are possible now; one of them only when finding all would take long. */
  frontier(): readonly Configuration<State, Call, Answer>[] {
    this.#search.refill(Math.min(this.#most, STEPS_FOR_STATES));
    const { configs, count } = this.#search.frontier(this.#roots, this.#events, STEPS_FOR_STATES);
    if (count === this.#events.length && configs.length > 0) return configs;
    const last = this.#way[this.#events.length];
    return last ? [last] : [];
  }

  /** No repeat comes after `at` of the operations of this identity; true when one of them is open. */
  endRepeats(identity: string, at: number): boolean {
    let isOpen = false;
    for (const op of this.#steps.kept) {
      if (op.identity !== identity) continue;
      op.repeatedUntil = at;
      isOpen ||= op.endedAt === Number.POSITIVE_INFINITY;
    }
    return isOpen;
  }

  /** A request that was sent more than once, or got no answer: what it is refused with unseen is kept from its beginning. */
  track(op: Op<Call, Answer>): void {
    if (op.tracked || op.identity === null || op.repeatedUntil !== Number.POSITIVE_INFINITY) return;
    this.#steps.track(op);
    this.#search.reset();
  }

  #trackRepeats(op: Op<Call, Answer>): void {
    for (const other of this.#steps.kept) {
      if (other.identity !== op.identity || other.endedAt !== Number.POSITIVE_INFINITY) continue;
      this.track(other);
      this.track(op);
    }
  }

  /** What is remembered for repeats of this identity goes, while nothing is under way. */
  dropRefusals(identity: string): void {
    this.#steps.refused.delete(identity);
  }

  /** Keeps for the repeats of `op` with what it was refused. */
  noteRefusal(op: Op<Call, Answer>): void {
    const { repeats } = this.#model;
    if (!repeats || op.identity === null) return;
    const index = repeats.refusalIndex(op.answer as Answer);
    if (index < 0) return;
    const known = this.#steps.refused.get(op.identity) ?? [];
    known[index] ??= op.endedAt;
    this.#steps.refused.set(op.identity, known);
  }

  /** Another way: the one there is, mended, or one that branches off as late as it goes: a little back with little effort, at the beginning with all of it. */
  #findWay(event: HistoryEvent<Call, Answer>): boolean {
    const length = this.#events.length;
    // What requests met is missing of a way that was not searched for: fewer refusals are explained, none wrongly.
    if (event.kind === 'complete' && this.#search.placeBack(this.#events, event.op, this.#way)) return true;
    if (this.#tryFrom(length - 1) || this.#mend()) return true;
    for (const back of STEPS_BACK) if (back < length && this.#tryFrom(length - back)) return true;
    this.#steps.narrowHopes();
    this.#search.refill(this.#credit);
    const isFound = this.#roots.some((root) => this.#search.findWay(this.#events, 0, root, this.#way));
    this.#credit = Math.min(this.#most, this.#search.left + STEPS_EARNED);
    return isFound;
  }

  /** The way as it is, changed by one operation. */
  #mend(): boolean {
    const mending = new Mending(this.#steps, this.#events, EVENTS_TO_MEND);
    const way = mending.mend(this.#way.slice(0, this.#events.length));
    if (way) this.#way = [...way];
    return way !== null;
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

  /**
   * Folds the history if it is time. `impossible`: with what is known by now no way leads through, although
   * one seemed to, because the model had forgotten what speaks against it. Throws SearchExhausted when the
   * history has become too long.
   */
  foldIfDue(): Folded {
    if (this.#settleIfOneState()) return 'some';
    if (this.#events.length < this.#foldAt) return 'nothing';
    const oldest = this.#steps.kept.find((op) => op.status === 'pending');
    const count = oldest ? this.#events.findIndex((event) => event.at > oldest.invokedAt) : -1;
    const folded = this.#fold(count < 0 ? this.#events.length : count);
    this.#foldAt = Math.max(this.#foldEvery, Math.ceil(this.#events.length * 1.5));
    if (this.#events.length > MAX_EVENTS) {
      throw new SearchExhausted(this.#most);
    }
    return folded;
  }

  /** Forgets all events when nothing is under way and they lead to the same state in whichever order. */
  #settleIfOneState(): boolean {
    if (!this.#model.changes || this.#events.length === 0 || this.#roots.length > 1) return false;
    const { kept, tracked } = this.#steps;
    const [root] = this.#roots;
    const last = this.#way[this.#events.length];
    if (!root || !last || root.done.length > 0 || last.done.length > 0 || tracked.length > 0) return false;
    if (!isOneState(this.#model, kept, this.#events)) return false;
    this.#events = [];
    this.#way = [...this.#roots];
    this.#foldAt = this.#foldEvery;
    this.#search.reset();
    this.settle(last.state);
    return true;
  }

  /** Replaces the first `wanted` events by the configurations that they leave, or as many as leave few for now. */
  #fold(wanted: number): Folded {
    if (wanted === 0) return 'nothing';
    this.#steps.narrowHopes();
    const patience = this.#foldWidth / FOLD_CONFIGURATIONS;
    this.#search.refill(Math.min(this.#most, wanted * STEPS_TO_FOLD_AN_EVENT * patience));
    const most = Math.min(this.#most, this.#foldWidth);
    const { configs, count } = this.#search.frontier(this.#roots, this.#events.slice(0, wanted), most);
    this.#foldWidth = count > 0 ? FOLD_CONFIGURATIONS : this.#foldWidth * 2;
    if (count === 0) return 'nothing';
    if (configs.length === 0) return 'impossible';
    const folded = this.#events.slice(0, count);
    this.#roots = configs;
    this.#events = this.#events.slice(count);
    this.#way = this.#way.slice(count);
    this.#search.reset();
    this.#forgetFolded(folded);
    return 'some';
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
    // Of what begins only later the roots cannot tell whether it is spent: what it is about may come before it.
    const isOver = (op: Op<Call, Answer>) =>
      op.endedAt <= at || (op.status === 'unknown' && op.invokedAt <= at && this.#isSettled(op));
    const over = new Set(this.#steps.kept.filter(isOver));
    this.#steps.kept = this.#steps.kept.filter((op) => !over.has(op));
    this.#steps.tracked = this.#steps.tracked.filter(
      (op) => op.repeatedUntil > at && !gone.has(op.identity) && !(over.has(op) && op.status !== 'expired'),
    );
    this.#strip(over);
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
