/** Single steps from one configuration to the next: an operation takes effect, an event of the history passes. */
import { ANY_TIME, type SequentialModel, type When } from '../model.ts';
import type { Readings } from '../service-time.ts';
import type { Configuration, Done, HistoryEvent, Met, Op, Place } from './history.ts';

const NONE: readonly never[] = [];

/** Of the operations that begin later, so many are asked whether they can still be explained. */
const HORIZON = 30;

export class Steps<State, Call, Answer> {
  readonly model: SequentialModel<State, Call, Answer>;
  /** The operations that can still take effect at some place of the history that is kept, by invocation. */
  kept: Op<Call, Answer>[] = [];
  /** Those whose refusals, met but not answered, a repeat may be given. */
  tracked: Op<Call, Answer>[] = [];
  readonly refused = new Map<string, number[]>();

  readonly #readings: Readings | null;

  constructor(model: SequentialModel<State, Call, Answer>, readings: Readings) {
    this.model = model;
    this.#readings = model.timed ? readings : null;
  }

  initial(state: State): Configuration<State, Call, Answer> {
    return { state, done: NONE, met: NONE };
  }

  /** The operations that can take effect right before the event at `at`. */
  available(from: Configuration<State, Call, Answer>, at: number): Op<Call, Answer>[] {
    const found: Op<Call, Answer>[] = [];
    for (const op of this.kept) {
      if (op.invokedAt < at && op.endedAt >= at && !isDone(from, op)) found.push(op);
    }
    return found;
  }

  /** When `op` took effect, if it did before the event at `place`. */
  when(op: Op<Call, Answer>, { ms }: Pick<Place, 'ms'>): When {
    return this.#readings ? this.#readings(op.invokedMs, ms) : ANY_TIME;
  }

  /** The configurations in which something that nobody asked for happened right after `from`, before the event at `place`. */
  internal(from: Configuration<State, Call, Answer>, place: Place): Configuration<State, Call, Answer>[] {
    const states = this.model.internal?.(from.state, this.#whenInternal(place)) ?? NONE;
    return states.map((state) => this.arrive({ ...from, state }, place));
  }

  /** True when something can have happened by itself. */
  mayChangeByItself(state: State, place: Pick<Place, 'ms'>): boolean {
    return (this.model.internal?.(state, this.#whenInternal(place)).length ?? 0) > 0;
  }

  /** Since when, only the state can tell. */
  #whenInternal({ ms }: Pick<Place, 'ms'>): When {
    return this.#readings ? { from: Number.NEGATIVE_INFINITY, to: this.#readings(ms, ms).to } : ANY_TIME;
  }

  /** Every configuration in which `op` took effect right after `from`, before the event at `place`. */
  step(
    from: Configuration<State, Call, Answer>,
    op: Op<Call, Answer>,
    place: Place,
  ): Configuration<State, Call, Answer>[] {
    if (op.status !== 'answered') {
      return this.model
        .effects(from.state, op.call, this.when(op, place))
        .map(({ state, outcome }) => this.#after(from, state, { op, outcome, observed: false }, place));
    }
    const next: Configuration<State, Call, Answer>[] = [];
    for (const state of this.#answers(from, op, place)) {
      next.push(
        this.#after(
          from,
          state,
          { op, outcome: undefined, observed: this.isIdle(from.state, state, op) },
          place,
        ),
      );
    }
    return next;
  }

  #answers(from: Configuration<State, Call, Answer>, op: Op<Call, Answer>, place: Place): readonly State[] {
    const answer = op.answer as Answer;
    const when = this.when(op, place);
    const state = this.model.apply(from.state, op.call, answer, when);
    if (state === null) return this.#isRefusedAgain(from, op, answer, place.at) ? [from.state] : NONE;
    const others = this.model.alternatives?.(from.state, op.call, answer, when) ?? NONE;
    return others.length === 0 ? [state] : [state, ...others];
  }

  #after(
    from: Configuration<State, Call, Answer>,
    state: State,
    done: Done<Call, Answer>,
    place: Place,
  ): Configuration<State, Call, Answer> {
    const next = { state, done: [...from.done, done], met: from.met };
    return state === from.state ? next : this.arrive(next, place);
  }

  /**
   * An operation whose answer is known and that can no longer get it, after the event at `at`; also one
   * of the next HORIZON that begin only later. Null when there is none that can be told.
   */
  hopeless(config: Configuration<State, Call, Answer>, at: number): Op<Call, Answer> | null {
    const { model } = this;
    if (!model.hopeless) return null;
    const wanted: Op<Call, Answer>[] = [];
    let end = 0;
    let later = 0;
    for (const op of this.kept) {
      if (op.invokedAt > at && ++later > HORIZON) break;
      if (op.status !== 'answered' || op.endedAt <= at || isDone(config, op) || this.#mayBeRepeat(op))
        continue;
      wanted.push(op);
      end = Math.max(end, op.endedAt);
    }
    if (wanted.length === 0) return null;
    const open = this.#undone(config, at, end);
    return wanted.find((op) => model.hopeless?.(config.state, op.call, op.answer as Answer, open)) ?? null;
  }

  /** What may still take effect after `at`, of the operations that begin before `end`. */
  #undone(config: Configuration<State, Call, Answer>, at: number, end: number): Op<Call, Answer>[] {
    const open: Op<Call, Answer>[] = [];
    for (const op of this.kept) {
      if (op.invokedAt > end) break;
      if (op.endedAt > at && !isDone(config, op)) open.push(op);
    }
    return open;
  }

  /** Without those that another one can stand for, now that none of them has answered. */
  withoutLikes(
    config: Configuration<State, Call, Answer>,
    ops: readonly Op<Call, Answer>[],
    at: number,
  ): readonly Op<Call, Answer>[] {
    const { likeness } = this.model;
    if (!likeness || ops.length < 2) return ops;
    const others = this.#undone(config, at - 0.5, Number.POSITIVE_INFINITY);
    const found = new Set<string>();
    return ops.filter((op) => {
      if (op.endedAt !== Number.POSITIVE_INFINITY) return true;
      const name = likeness(config.state, op.call, others);
      if (name === null) return true;
      const isFirst = !found.has(name);
      found.add(name);
      return isFirst;
    });
  }

  /** True for a refusal that may have been given again, so that the state alone does not decide it. */
  #mayBeRepeat(op: Op<Call, Answer>): boolean {
    const { repeats } = this.model;
    if (!repeats || op.identity === null) return false;
    const index = repeats.refusalIndex(op.answer as Answer);
    if (index < 0) return false;
    if ((this.refused.get(op.identity)?.[index] ?? op.endedAt) < op.endedAt) return true;
    return this.tracked.some((t) => t !== op && t.identity === op.identity);
  }

  /** True when `op` took nothing from the future by being done in `before`: it never could change anything after. */
  isIdle(before: State, after: State, op: Op<Call, Answer>): boolean {
    if (before !== after) return false;
    const { model } = this;
    return model.observes?.(op.call, op.answer as Answer) === true || model.spent?.(before, op.call) === true;
  }

  /** True when the service may give `op` a refusal that an earlier request with its identity got, or met unseen. */
  #isRefusedAgain(
    from: Configuration<State, Call, Answer>,
    op: Op<Call, Answer>,
    answer: Answer,
    at: number,
  ): boolean {
    const repeats = this.model.repeats;
    if (!repeats || op.identity === null) return false;
    const index = repeats.refusalIndex(answer);
    if (index < 0 || !repeats.mayRefuseAgain(from.state, op.call)) return false;
    if ((this.refused.get(op.identity)?.[index] ?? Number.POSITIVE_INFINITY) < at) return true;
    return from.met.some(
      (m) => m.op !== op && m.op.identity === op.identity && (m.bits & (1 << index)) !== 0,
    );
  }

  /**
   * What holds on arriving in a state before the event at `place`: requests under way meet its refusals, and
   * operations whose known answer it explains without a change are done. Both lose nothing.
   */
  arrive(from: Configuration<State, Call, Answer>, place: Place): Configuration<State, Call, Answer> {
    const { at } = place;
    const config =
      this.tracked.length === 0 && from.met.length === 0 ? from : { ...from, met: this.#meet(from, place) };
    let done: Done<Call, Answer>[] | null = null;
    for (const op of this.kept) {
      if (op.status !== 'answered' || op.invokedAt >= at || op.endedAt < at || isDone(config, op)) continue;
      if (!this.isIdle(config.state, config.state, op)) continue;
      const answer = op.answer as Answer;
      const next = this.model.apply(config.state, op.call, answer, this.when(op, place));
      if (next === null ? this.#isRefusedAgain(config, op, answer, at) : next === config.state) {
        done ??= [...config.done];
        done.push({ op, outcome: undefined, observed: true });
      }
    }
    return done ? { state: config.state, done, met: config.met } : config;
  }

  #meet(config: Configuration<State, Call, Answer>, place: Place): readonly Met<Call, Answer>[] {
    const { at } = place;
    const met: Met<Call, Answer>[] = [];
    for (const op of this.tracked) {
      if (op.invokedAt >= at || op.repeatedUntil < at || this.model.spent?.(config.state, op.call)) continue;
      const before = config.met.find((m) => m.op === op);
      const held = op.endedAt >= at ? this.#held(config.state, op, place) : 0;
      const bits = ((before?.bits ?? 0) | held) & op.hopes;
      if (op.status === 'answered' && op.endedAt < at) continue;
      if (before?.bits === bits) met.push(before);
      else if (bits !== 0) met.push({ op, bits });
    }
    return met;
  }

  #held(state: State, op: Op<Call, Answer>, place: Place): number {
    let bits = 0;
    const when = this.when(op, place);
    const refusals = this.model.repeats?.refusals ?? NONE;
    for (let index = 0; index < refusals.length; index++) {
      const bit = 1 << index;
      if ((op.hopes & bit) === 0) continue;
      if (this.model.apply(state, op.call, refusals[index] as Answer, when) !== null) bits |= bit;
    }
    return bits;
  }

  /** Begins to keep what `op` may be refused with, for its repeats. */
  track(op: Op<Call, Answer>): void {
    op.tracked = true;
    op.hopes = (1 << (this.model.repeats?.refusals.length ?? 0)) - 1;
    this.tracked.push(op);
  }

  /** Keeps of what requests may have been refused with only what a repeat of them could still be given. */
  narrowHopes(): void {
    for (const op of this.tracked) {
      if (op.repeatedUntil === Number.POSITIVE_INFINITY) continue;
      let hopes = 0;
      for (const other of this.kept) {
        if (other === op || other.identity !== op.identity) continue;
        hopes |= other.status === 'answered' ? this.#refusalBit(other) : -1;
      }
      op.hopes &= hopes;
    }
    this.tracked = this.tracked.filter((op) => op.hopes !== 0);
  }

  #refusalBit(op: Op<Call, Answer>): number {
    const index = this.model.repeats?.refusalIndex(op.answer as Answer) ?? -1;
    return index < 0 ? 0 : 1 << index;
  }

  /**
   * The way straight on over an event: its operation takes effect right before it, after one open
   * operation other than `except`, or one effect that nobody asked for, at the most. Null when that does not explain
   * it. What requests met is not looked at.
   */
  extend(
    from: Configuration<State, Call, Answer>,
    event: HistoryEvent<Call, Answer>,
    except?: Op<Call, Answer>,
  ): Configuration<State, Call, Answer> | null {
    if (event.kind !== 'complete' || isDone(from, event.op)) return this.pass(from, event);
    const { op } = event;
    const state = this.model.apply(from.state, op.call, op.answer as Answer, this.when(op, event));
    if (state === null)
      return this.#extendByItself(from, op, event) ?? this.#extendWithHelp(from, op, event, except);
    if (state === from.state && from.met.length === 0) return from;
    return { state, done: from.done, met: withoutMet(from.met, op) };
  }

  #extendByItself(
    from: Configuration<State, Call, Answer>,
    op: Op<Call, Answer>,
    place: Place,
  ): Configuration<State, Call, Answer> | null {
    const { model } = this;
    if (!model.internal) return null;
    for (const changed of model.internal(from.state, this.#whenInternal(place))) {
      const state = model.apply(changed, op.call, op.answer as Answer, this.when(op, place));
      if (state !== null) return { state, done: from.done, met: withoutMet(from.met, op) };
    }
    return null;
  }

  #extendWithHelp(
    from: Configuration<State, Call, Answer>,
    op: Op<Call, Answer>,
    place: Place,
    except?: Op<Call, Answer>,
  ): Configuration<State, Call, Answer> | null {
    const { model } = this;
    const answer = op.answer as Answer;
    const when = this.when(op, place);
    for (const helper of this.kept) {
      if (helper.invokedAt >= place.at || helper.endedAt < place.at || helper.status === 'answered') continue;
      if (helper === except || isDone(from, helper)) continue;
      if (model.relevant?.(from.state, helper.call, undefined, op.call, answer) === false) continue;
      for (const { state: helped, outcome } of model.effects(
        from.state,
        helper.call,
        this.when(helper, place),
      )) {
        const state = model.apply(helped, op.call, answer, when);
        if (state === null) continue;
        const done = [...from.done, { op: helper, outcome, observed: false }];
        return { state, done, met: withoutMet(from.met, op) };
      }
    }
    return null;
  }

  /** The configuration after `event`, or null when it contradicts what was taken to have happened. */
  pass(
    from: Configuration<State, Call, Answer>,
    event: HistoryEvent<Call, Answer>,
  ): Configuration<State, Call, Answer> | null {
    if (event.kind === 'forget') {
      const identity = this.model.repeats?.identity(event.what) ?? null;
      const met = identity === null ? from.met : from.met.filter((m) => m.op.identity !== identity);
      return { state: this.model.forget?.(from.state, event.what) ?? from.state, done: from.done, met };
    }
    const { op } = event;
    const entry = from.done.find((d) => d.op === op);
    let { state } = from;
    if (entry?.outcome !== undefined && op.status === 'answered') {
      const when = this.when(op, event);
      const confirmed = this.model.confirm(state, op.call, entry.outcome, op.answer as Answer, when);
      if (confirmed === null) return null;
      state = confirmed;
    } else if (!entry && event.kind === 'complete') {
      return null;
    }
    const done = entry ? from.done.filter((d) => d !== entry) : from.done;
    const met = event.kind === 'complete' ? from.met.filter((m) => m.op !== op) : from.met;
    return { state, done, met };
  }
}

function withoutMet<Call, Answer>(
  met: readonly Met<Call, Answer>[],
  op: Op<Call, Answer>,
): readonly Met<Call, Answer>[] {
  return met.length === 0 ? met : met.filter((m) => m.op !== op);
}

export function isDone<State, Call, Answer>(
  config: Configuration<State, Call, Answer>,
  op: Op<Call, Answer>,
): boolean {
  for (const entry of config.done) if (entry.op === op) return true;
  return false;
}
