/** The search for an order that explains the whole history that is kept: one way, or all ways at once. */
import { Crossings, SearchExhausted } from './crossing.ts';
import type { CheckCost, Configuration, HistoryEvent, Op } from './history.ts';
import { isDone, type Steps } from './steps.ts';
import { configurationKey, withoutSubsumed } from './subsumption.ts';

/** A frontier may become so many times wider than wanted for a while. */
const FRONTIER_SLACK = 8;

/** The ways found so far over one event, and how many of them were tried. */
interface Fork<State, Call, Answer> {
  ways: readonly Configuration<State, Call, Answer>[];
  taken: number;
  /** True when there are no more ways than these. */
  isWhole: boolean;
}

export class Search<State, Call, Answer> {
  readonly #steps: Steps<State, Call, Answer>;
  readonly #crossings: Crossings<State, Call, Answer>;
  /** Configurations before an event from which no way leads on, by the event's position. */
  readonly #hopeless = new Map<number, Set<string>>();

  constructor(steps: Steps<State, Call, Answer>, limit: number, cost: CheckCost) {
    this.#steps = steps;
    this.#crossings = new Crossings(steps, limit, cost);
  }

  /** Steps that are left of the allowance. */
  get left(): number {
    return this.#crossings.left;
  }

  /** Begins a new allowance of steps. */
  refill(limit?: number): void {
    this.#crossings.refill(limit);
  }

  /** Forgets what was found hopeless: it holds only as long as requests are tracked as they were. */
  reset(): void {
    this.#hopeless.clear();
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
      const from = way[index] as Configuration<State, Call, Answer>;
      const entry = isDone(from, op) ? null : this.#steps.step(from, op, event)[0]?.done[from.done.length];
      if (!entry?.observed) continue;
      for (let later = index; later <= last; later++) {
        const config = way[later] as Configuration<State, Call, Answer>;
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
      fork.isWhole = !this.#crossings.over(from, event, false, (next) => ways.push(next) === wanted);
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
    const last = events[best.count - 1];
    return last ? { ...best, configs: this.#hopeful(best.configs, last) } : best;
  }

  /** The only configuration is not asked for its hopes: there is none that it would have to be told from. */
  #frontierAfter(
    configs: readonly Configuration<State, Call, Answer>[],
    event: HistoryEvent<Call, Answer>,
    most: number,
  ): readonly Configuration<State, Call, Answer>[] | null {
    let next: Configuration<State, Call, Answer>[] = [];
    const emit = (passed: Configuration<State, Call, Answer>) => {
      if (next.length === 1) next = this.#hopeful(next, event);
      if (next.length === 0 || !this.#steps.hopeless(passed, event.at)) next.push(passed);
      return next.length > most;
    };
    try {
      for (const config of configs) if (this.#crossings.over(config, event, true, emit)) return null;
    } catch (error) {
      if (error instanceof SearchExhausted) return null;
      throw error;
    }
    return next.length > 1 ? withoutSubsumed(this.#steps.model, next) : next;
  }

  #hopeful(
    configs: readonly Configuration<State, Call, Answer>[],
    { at }: HistoryEvent<Call, Answer>,
  ): Configuration<State, Call, Answer>[] {
    return configs.filter((config) => !this.#steps.hopeless(config, at));
  }
}
