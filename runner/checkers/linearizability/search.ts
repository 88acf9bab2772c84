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

type Emit<State, Call, Answer> = (config: Configuration<State, Call, Answer>) => boolean;

/** One operation done on the way to an event, for the check that it was needed. */
interface Taken<Call, Answer> {
  op: Op<Call, Answer>;
  outcome: string | undefined;
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

  /** Begins a new allowance of steps. */
  refill(): void {
    this.#left = this.#limit;
  }

  /** Forgets what was found hopeless: it holds only as long as requests are tracked as they were. */
  reset(): void {
    this.#hopeless.clear();
  }

  /** Hands every needed way over `event` to `emit`, likeliest first, until it returns true; returns whether it did. */
  over(
    from: Configuration<State, Call, Answer>,
    event: HistoryEvent<Call, Answer>,
    emit: Emit<State, Call, Answer>,
  ): boolean {
    if (event.kind === 'forget') return this.#emitPassed(from, event, emit);
    const start = this.#steps.arrive(from, event.at);
    if (event.kind === 'expire' && !isDone(start, event.op) && this.#emitPassed(start, event, emit))
      return true;
    return this.#explore(start, start, [], event, new Set(), emit);
  }

  #emitPassed(
    config: Configuration<State, Call, Answer>,
    event: HistoryEvent<Call, Answer>,
    emit: Emit<State, Call, Answer>,
  ): boolean {
    const passed = this.#steps.pass(config, event);
    return passed !== null && emit(passed);
  }

  #explore(
    start: Configuration<State, Call, Answer>,
    config: Configuration<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    event: Exclude<HistoryEvent<Call, Answer>, { kind: 'forget' }>,
    seen: Set<string>,
    emit: Emit<State, Call, Answer>,
  ): boolean {
    if (--this.#left < 0) throw new SearchExhausted(this.#limit);
    if (isDone(config, event.op)) {
      if (trail.length > 0 && this.#hasIdle(start, trail, config, event)) return false;
      return this.#emitPassed(config, event, emit);
    }
    for (const next of this.#steps.step(config, event.op, event.at)) {
      if (trail.length > 0 && this.#hasIdle(start, trail, next, event)) continue;
      if (this.#emitPassed(next, event, emit)) return true;
    }
    for (const op of candidates(this.#steps, config, event)) {
      for (const next of this.#steps.step(config, op, event.at)) {
        const key = configurationKey(this.#steps.model, next);
        if (seen.has(key)) continue;
        seen.add(key);
        const outcome = next.done[config.done.length]?.outcome;
        if (this.#explore(start, next, [...trail, { op, outcome }], event, seen, emit)) return true;
      }
    }
    return false;
  }

  /**
   * True when an operation of `trail` can be left out without loss: then the shorter way, which is
   * explored too, leads to a configuration that can do all that `reached` can, at once or by doing the
   * operation after the event's own.
   */
  #hasIdle(
    start: Configuration<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    reached: Configuration<State, Call, Answer>,
    event: Exclude<HistoryEvent<Call, Answer>, { kind: 'forget' }>,
  ): boolean {
    const { model } = this.#steps;
    return trail.some((idle) => {
      const shorter = this.#replay(
        start,
        trail.filter((taken) => taken !== idle),
        event,
      );
      return shorter.some(
        (config) =>
          subsumes(model, config, reached) ||
          this.#redo(config, idle, event.at).some((later) => subsumes(model, later, reached)),
      );
    });
  }

  #replay(
    start: Configuration<State, Call, Answer>,
    trail: readonly Taken<Call, Answer>[],
    event: Exclude<HistoryEvent<Call, Answer>, { kind: 'forget' }>,
  ): Configuration<State, Call, Answer>[] {
    let configs = [start];
    for (const taken of trail) configs = configs.flatMap((config) => this.#redo(config, taken, event.at));
    return configs.flatMap((config) =>
      isDone(config, event.op) ? [config] : this.#steps.step(config, event.op, event.at),
    );
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
   * One way from `from`, the configuration before `events[index]`, over all further events, written into
   * `way` (`way[i]` stands before event i); false when there is none.
   */
  findWay(
    events: readonly HistoryEvent<Call, Answer>[],
    index: number,
    from: Configuration<State, Call, Answer>,
    way: Configuration<State, Call, Answer>[],
  ): boolean {
    way[index] = from;
    const event = events[index];
    if (!event) return true;
    const hopeless = this.#hopeless.get(event.at);
    if (hopeless?.has(configurationKey(this.#steps.model, from))) return false;
    if (this.over(from, event, (next) => this.findWay(events, index + 1, next, way))) return true;
    const known = this.#hopeless.get(event.at) ?? new Set();
    this.#hopeless.set(event.at, known.add(configurationKey(this.#steps.model, from)));
    return false;
  }

  /** All configurations after `events` that matter; throws SearchExhausted beyond `most` at any event. */
  frontier(
    roots: readonly Configuration<State, Call, Answer>[],
    events: readonly HistoryEvent<Call, Answer>[],
    most: number,
  ): readonly Configuration<State, Call, Answer>[] {
    let configs = roots;
    for (const event of events) {
      const next = new Map<string, Configuration<State, Call, Answer>>();
      for (const config of configs) {
        this.over(config, event, (passed) => {
          next.set(configurationKey(this.#steps.model, passed), passed);
          if (next.size > most) throw new SearchExhausted(most);
          return false;
        });
      }
      configs = next.size > 1 ? withoutSubsumed(this.#steps.model, next.values()) : [...next.values()];
    }
    return configs;
  }
}
