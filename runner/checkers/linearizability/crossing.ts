/**
 * The ways from one configuration over one event of the history: which open operations take effect before
 * it, as few of them and in as few orders as can matter.
 */
import { candidates } from './candidates.ts';
import type { CheckCost, Configuration, HistoryEvent, Op, Place } from './history.ts';
import { isDone, type Steps } from './steps.ts';
import { configurationKey, subsumes } from './subsumption.ts';

/** Thrown when a search took more steps than it was given: nothing is known then. */
export class SearchExhausted extends Error {
  constructor(limit: number) {
    super(`more than ${limit} configurations would have to be looked at`);
  }
}

export type Emit<State, Call, Answer> = (config: Configuration<State, Call, Answer>) => boolean;

/** What happened on the way to an event: one operation, or something that nobody asked for. */
interface Taken<Call, Answer> {
  /** Null: nobody asked for it. */
  readonly op: Op<Call, Answer> | null;
  readonly outcome: string | undefined;
}

/** A configuration before an event, with what was done to get there. */
interface Halt<State, Call, Answer> {
  readonly config: Configuration<State, Call, Answer>;
  readonly trail: readonly Taken<Call, Answer>[];
}

/** The ways from one configuration over one event. */
interface Crossing<State, Call, Answer> {
  readonly start: Configuration<State, Call, Answer>;
  readonly event: Exclude<HistoryEvent<Call, Answer>, { kind: 'forget' }>;
  readonly isThorough: boolean;
  readonly seen: Set<string>;
  readonly emit: Emit<State, Call, Answer>;
}

export class Crossings<State, Call, Answer> {
  readonly #steps: Steps<State, Call, Answer>;
  readonly #limit: number;
  readonly #cost: CheckCost;
  #left = 0;

  constructor(steps: Steps<State, Call, Answer>, limit: number, cost: CheckCost) {
    this.#steps = steps;
    this.#limit = limit;
    this.#cost = cost;
  }

  /** Steps that are left of the allowance. */
  get left(): number {
    return Math.max(0, this.#left);
  }

  /** Begins a new allowance of steps. */
  refill(limit = this.#limit): void {
    this.#left = limit;
  }

  /**
   * Hands ways over `event` to `emit`, likeliest first, until it returns true; returns whether it did. A
   * `thorough` search finds every way that is needed, and some that are hopeless. Otherwise of operations that are alike so far only
   * one is tried, which is enough to tell whether there is a way.
   */
  over(
    from: Configuration<State, Call, Answer>,
    event: HistoryEvent<Call, Answer>,
    isThorough: boolean,
    emit: Emit<State, Call, Answer>,
  ): boolean {
    if (event.kind === 'forget') {
      const passed = this.#steps.pass(from, event);
      return passed !== null && emit(passed);
    }
    const start = this.#steps.arrive(from, event);
    const crossing = { start, event, isThorough, seen: new Set<string>(), emit };
    if (!isThorough && this.#dive(crossing)) return true;
    // Level by level: the ways that do the least come first, and are the likeliest to be needed.
    let level: Halt<State, Call, Answer>[] = [{ config: start, trail: [] }];
    while (level.length > 0) {
      const further: Halt<State, Call, Answer>[] = [];
      for (const halt of level) {
        this.#spend();
        const found = this.#tryToPass(crossing, halt);
        if (found === 'stop') return true;
        if (found === 'search') this.#goOn(crossing, halt, further);
      }
      level = further;
    }
    return false;
  }

  /** Looking at a configuration costs more the more operations there are to compare it with. */
  #spend(): void {
    this.#cost.configurations++;
    this.#left -= 1 + (this.#steps.kept.length >> 7);
    if (this.#left < 0) throw new SearchExhausted(this.#limit);
  }

  /** Straight on: before the event only what the event would make impossible, one after the other. */
  #dive({ start, event, emit }: Crossing<State, Call, Answer>): boolean {
    let config: Configuration<State, Call, Answer> | undefined = start;
    while (config) {
      this.#spend();
      const done: Configuration<State, Call, Answer> | undefined = isDone(config, event.op)
        ? config
        : this.#steps.step(config, event.op, event)[0];
      const passed = done && this.#steps.pass(done, event);
      if (!passed) return false;
      const lost = this.#steps.hopeless(passed, event.at);
      if (!lost) return emit(passed);
      if (lost.invokedAt > event.at || isDone(config, lost)) return false;
      config = this.#steps.step(config, lost, event)[0];
    }
    return false;
  }

  /** Passes the event from here, if it goes; `turn` when doing more before the event can add nothing then. */
  #tryToPass(
    crossing: Crossing<State, Call, Answer>,
    { config, trail }: Halt<State, Call, Answer>,
  ): 'stop' | 'turn' | 'search' {
    const { event } = crossing;
    const isOver = isDone(config, event.op);
    if ((isOver || event.kind === 'expire') && this.#finish(crossing, config, trail, false)) return 'stop';
    if (isOver) return 'turn';
    let isSeen = false;
    for (const next of this.#steps.step(config, event.op, event)) {
      if (this.#finish(crossing, next, trail, true)) return 'stop';
      isSeen ||= next.done[config.done.length]?.observed === true;
    }
    return isSeen && event.op.hopes === 0 ? 'turn' : 'search';
  }

  /** Adds to `further` what one more operation before the event leads to. */
  #goOn(
    { event, seen, isThorough }: Crossing<State, Call, Answer>,
    { config, trail }: Halt<State, Call, Answer>,
    further: Halt<State, Call, Answer>[],
  ): void {
    const goTo = (next: Configuration<State, Call, Answer>, taken: Taken<Call, Answer>) => {
      const key = configurationKey(this.#steps.model, next);
      if (seen.has(key)) return;
      seen.add(key);
      if (!this.#steps.hopeless(next, event.at - 0.5))
        further.push({ config: next, trail: [...trail, taken] });
    };
    const all = candidates(this.#steps, config, event);
    for (const op of isThorough ? all : this.#steps.withoutLikes(config, all, event.at)) {
      for (const next of this.#steps.step(config, op, event)) {
        goTo(next, { op, outcome: next.done[config.done.length]?.outcome });
      }
    }
    for (const next of this.#steps.internal(config, event)) goTo(next, { op: null, outcome: undefined });
  }

  /** Emits the configuration after the event, if all of `trail` was needed to get there. */
  #finish(
    crossing: Crossing<State, Call, Answer>,
    config: Configuration<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    withOwn: boolean,
  ): boolean {
    const passed = this.#steps.pass(config, crossing.event);
    if (passed === null || (!crossing.isThorough && this.#steps.hopeless(passed, crossing.event.at)))
      return false;
    if (this.#hasIdle(crossing, trail, passed, withOwn)) return false;
    return crossing.emit(passed);
  }

  /**
   * True when something of `trail` can be left out without loss: then the shorter way, which is
   * explored too, leads to a configuration that can do all that `passed` can, at once or by doing it
   * right after the event.
   */
  #hasIdle(
    crossing: Crossing<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    passed: Configuration<State, Call, Answer>,
    withOwn: boolean,
  ): boolean {
    const { model } = this.#steps;
    const { at, ms } = crossing.event;
    const after = { at: at + 0.5, ms };
    return trail.some((idle) => {
      const rest = trail.filter((taken) => taken !== idle);
      return this.#replay(crossing, rest, withOwn).some(
        (config) =>
          subsumes(model, config, passed) ||
          this.#redo(config, idle, after).some((later) => subsumes(model, later, passed)),
      );
    });
  }

  #replay(
    { start, event }: Crossing<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    withOwn: boolean,
  ): Configuration<State, Call, Answer>[] {
    let configs = [start];
    for (const taken of trail) configs = configs.flatMap((config) => this.#redo(config, taken, event));
    if (withOwn) {
      configs = configs.flatMap((config) =>
        isDone(config, event.op) ? [config] : this.#steps.step(config, event.op, event),
      );
    }
    return configs.map((config) => this.#steps.pass(config, event)).filter((config) => config !== null);
  }

  #redo(
    config: Configuration<State, Call, Answer>,
    { op, outcome }: Taken<Call, Answer>,
    place: Place,
  ): Configuration<State, Call, Answer>[] {
    if (op === null) return this.#steps.internal(config, place);
    if (isDone(config, op)) return [config];
    return this.#steps
      .step(config, op, place)
      .filter((next) => next.done[config.done.length]?.outcome === outcome);
  }
}
