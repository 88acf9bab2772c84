/**
 * The search for an order that explains the history: from one configuration over one event (`over`), over
 * all of them until one way is found (`findWay`), or along all ways at once (`frontier`).
 */
import { candidates } from './candidates.ts';
import type { Configuration, HistoryEvent, Op } from './history.ts';
import { isDone, type Steps } from './steps.ts';
import { configurationKey, subsumes, withoutSubsumed } from './subsumption.ts';

/** Thrown when a search took more steps than it was given: nothing is known then. */
export class SearchExhausted extends Error {
  constructor(limit: number) {
    super(`more than ${limit} configurations would have to be looked at`);
  }
}

/** A frontier may become so many times wider than wanted for a while. */
const FRONTIER_SLACK = 8;

type Emit<State, Call, Answer> = (config: Configuration<State, Call, Answer>) => boolean;

/** One operation done on the way to an event. */
interface Taken<Call, Answer> {
  readonly op: Op<Call, Answer>;
  readonly outcome: string | undefined;
}

/** The ways found so far over one event, and how many of them were tried. */
interface Fork<State, Call, Answer> {
  ways: readonly Configuration<State, Call, Answer>[];
  taken: number;
  /** True when there are no more ways than these. */
  isWhole: boolean;
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

export class Search<State, Call, Answer> {
  readonly #steps: Steps<State, Call, Answer>;
  readonly #limit: number;
  #left = 0;
  /** Configurations before an event from which no way leads on, by the event's position. */
  readonly #hopeless = new Map<number, Set<string>>();

  constructor(steps: Steps<State, Call, Answer>, limit: number) {
    this.#steps = steps;
    this.#limit = limit;
  }

  /** Steps that are left of the allowance. */
  get left(): number {
    return Math.max(0, this.#left);
  }

  /** Begins a new allowance of steps. */
  refill(limit = this.#limit): void {
    this.#left = limit;
  }

  /** Forgets what was found hopeless: it holds only as long as requests are tracked as they were. */
  reset(): void {
    this.#hopeless.clear();
  }

  /**
   * Hands ways over `event` to `emit`, likeliest first, until it returns true; returns whether it did. A
   * `thorough` search finds every way that is needed. Otherwise of operations that are alike so far only
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
    const start = this.#steps.arrive(from, event.at);
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
    this.#left -= 1 + (this.#steps.live.length >> 7);
    if (this.#left < 0) throw new SearchExhausted(this.#limit);
  }

  /** Straight on: before the event only what the event would make impossible, one after the other. */
  #dive({ start, event, emit }: Crossing<State, Call, Answer>): boolean {
    let config: Configuration<State, Call, Answer> | undefined = start;
    while (config) {
      this.#spend();
      const done: Configuration<State, Call, Answer> | undefined = isDone(config, event.op)
        ? config
        : this.#steps.step(config, event.op, event.at)[0];
      const passed = done && this.#steps.pass(done, event);
      if (!passed) return false;
      const lost = this.#steps.hopeless(passed, event.at);
      if (!lost) return emit(passed);
      if (lost.invokedAt > event.at || isDone(config, lost)) return false;
      config = this.#steps.step(config, lost, event.at)[0];
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
    for (const next of this.#steps.step(config, event.op, event.at)) {
      if (this.#finish(crossing, next, trail, true)) return 'stop';
      isSeen ||= next.done[config.done.length]?.observed === true;
    }
    return isSeen && !event.op.tracked ? 'turn' : 'search';
  }

  /** Adds to `further` what one more operation before the event leads to. */
  #goOn(
    { event, seen, isThorough }: Crossing<State, Call, Answer>,
    { config, trail }: Halt<State, Call, Answer>,
    further: Halt<State, Call, Answer>[],
  ): void {
    const all = candidates(this.#steps, config, event);
    for (const op of isThorough ? all : this.#steps.withoutLikes(config, all, event.at)) {
      for (const next of this.#steps.step(config, op, event.at)) {
        const key = configurationKey(this.#steps.model, next);
        if (seen.has(key)) continue;
        seen.add(key);
        if (this.#steps.hopeless(next, event.at - 0.5)) continue;
        further.push({
          config: next,
          trail: [...trail, { op, outcome: next.done[config.done.length]?.outcome }],
        });
      }
    }
  }

  /** Emits the configuration after the event, if all of `trail` was needed to get there. */
  #finish(
    crossing: Crossing<State, Call, Answer>,
    config: Configuration<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    withOwn: boolean,
  ): boolean {
    const passed = this.#steps.pass(config, crossing.event);
    if (passed === null || this.#steps.hopeless(passed, crossing.event.at)) return false;
    if (this.#hasIdle(crossing, trail, passed, withOwn)) return false;
    return crossing.emit(passed);
  }

  /**
   * True when an operation of `trail` can be left out without loss: then the shorter way, which is
   * explored too, leads to a configuration that can do all that `passed` can, at once or by doing the
   * operation right after the event.
   */
  #hasIdle(
    crossing: Crossing<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    passed: Configuration<State, Call, Answer>,
    withOwn: boolean,
  ): boolean {
    const { model } = this.#steps;
    const after = crossing.event.at + 0.5;
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
    for (const taken of trail) configs = configs.flatMap((config) => this.#redo(config, taken, event.at));
    if (withOwn) {
      configs = configs.flatMap((config) =>
        isDone(config, event.op) ? [config] : this.#steps.step(config, event.op, event.at),
      );
    }
    return configs.map((config) => this.#steps.pass(config, event)).filter((config) => config !== null);
  }

  #redo(
    config: Configuration<State, Call, Answer>,
    { op, outcome }: Taken<Call, Answer>,
    at: number,
  ): Configuration<State, Call, Answer>[] {
    if (isDone(config, op)) return [config];
    return this.#steps
      .step(config, op, at)
      .filter((next) => next.done[config.done.length]?.outcome === outcome);
  }

  /**
   * One way from `from`, the configuration before `events[first]`, over all further events, written into
   * `way` (`way[i]` stands before event i); false when there is none.
   */
  findWay(
    events: readonly HistoryEvent<Call, Answer>[],
    first: number,
    from: Configuration<State, Call, Answer>,
    way: Configuration<State, Call, Answer>[],
  ): boolean {
    way[first] = from;
    const forks: Fork<State, Call, Answer>[] = [];
    for (let index = first; index < events.length; ) {
      const event = events[index] as HistoryEvent<Call, Answer>;
      forks[index] ??= {
        ways: [],
        taken: 0,
        isWhole: this.#isKnownHopeless(way[index] as Configuration<State, Call, Answer>, event),
      };
      const next = this.#nextWay(
        way[index] as Configuration<State, Call, Answer>,
        event,
        forks[index] as Fork<State, Call, Answer>,
      );
      if (next) {
        way[++index] = next;
        continue;
      }
      this.#noteHopeless(way[index] as Configuration<State, Call, Answer>, event);
      forks.length = index;
      if (--index < first) return false;
    }
    return true;
  }

  /**
   * Gives `op`, an operation that changed nothing and has just ended with the last of `events`, a place in
   * an earlier state of `way`; false when none of them explains its answer.
   */
  placeBack(
    events: readonly HistoryEvent<Call, Answer>[],
    op: Op<Call, Answer>,
    way: Configuration<State, Call, Answer>[],
  ): boolean {
    const last = events.length - 1;
    for (let index = last; index >= 0; index--) {
      const event = events[index] as HistoryEvent<Call, Answer>;
      if (event.at < op.invokedAt) return false;
      const seen = this.#steps.step(way[index] as Configuration<State, Call, Answer>, op, event.at)[0];
      const entry = seen?.done.at(-1);
      if (!entry?.observed) continue;
      for (let later = index; later <= last; later++) {
        const config = way[later] as Configuration<State, Call, Answer>;
        if (later > index || event.kind !== 'forget')
          way[later] = { ...config, done: [...config.done, entry] };
      }
      const passed = this.#steps.pass(
        way[last] as Configuration<State, Call, Answer>,
        events[last] as HistoryEvent<Call, Answer>,
      );
      if (passed) way[events.length] = passed;
      return passed !== null;
    }
    return false;
  }

  /** The next way over `event`; they are looked for in growing numbers, for mostly the first one will do. */
  #nextWay(
    from: Configuration<State, Call, Answer>,
    event: HistoryEvent<Call, Answer>,
    fork: Fork<State, Call, Answer>,
  ): Configuration<State, Call, Answer> | undefined {
    if (fork.taken === fork.ways.length && !fork.isWhole) {
      const wanted = fork.taken === 0 ? 1 : fork.taken * 4;
      const ways: Configuration<State, Call, Answer>[] = [];
      fork.isWhole = !this.over(from, event, false, (next) => ways.push(next) === wanted);
      fork.ways = ways;
    }
    return fork.ways[fork.taken++];
  }

  #isKnownHopeless(config: Configuration<State, Call, Answer>, event: HistoryEvent<Call, Answer>): boolean {
    return this.#hopeless.get(event.at)?.has(configurationKey(this.#steps.model, config)) ?? false;
  }

  #noteHopeless(config: Configuration<State, Call, Answer>, event: HistoryEvent<Call, Answer>): void {
    const known = this.#hopeless.get(event.at) ?? new Set();
    this.#hopeless.set(event.at, known.add(configurationKey(this.#steps.model, config)));
  }

  /**
   * All configurations that matter after as many of `events` as leave no more than `most` of them; `count`
   * says how many events these are. It ends early, too, where the steps do not suffice.
   */
  frontier(
    roots: readonly Configuration<State, Call, Answer>[],
    events: readonly HistoryEvent<Call, Answer>[],
    most: number,
  ): { configs: readonly Configuration<State, Call, Answer>[]; count: number } {
    let best = { configs: roots, count: 0 };
    let configs = roots;
    for (const [index, event] of events.entries()) {
      const next = this.#frontierAfter(configs, event, most * FRONTIER_SLACK);
      if (next === null) break;
      configs = next;
      if (configs.length <= most) best = { configs, count: index + 1 };
    }
    return best;
  }

  #frontierAfter(
    configs: readonly Configuration<State, Call, Answer>[],
    event: HistoryEvent<Call, Answer>,
    most: number,
  ): readonly Configuration<State, Call, Answer>[] | null {
    const next: Configuration<State, Call, Answer>[] = [];
    try {
      for (const config of configs) {
        if (this.over(config, event, true, (passed) => next.push(passed) > most)) return null;
      }
    } catch (error) {
      if (error instanceof SearchExhausted) return null;
      throw error;
    }
    return next.length > 1 ? withoutSubsumed(this.#steps.model, next) : next;
  }
}
