/**
 * Ways that do not lead over the next event are mended where one change will do: an operation without an answer took
 * effect after all, or did not, or the one that ends took effect earlier. A search from the beginning, which looks at
 * each event's ways in turn, comes to such a change late: what calls for it is known only at the end. As in local
 * search with min-conflicts, only what the event speaks of is changed.
 */
import type { Configuration, HistoryEvent, Op } from './history.ts';
import { isDone, type Steps } from './steps.ts';

type Way<State, Call, Answer> = readonly Configuration<State, Call, Answer>[];

/** A way that was changed, as far as it leads. */
interface Mended<State, Call, Answer> {
  readonly way: Way<State, Call, Answer>;
  /** True: over all events. */
  readonly isWhole: boolean;
}

export class Mending<State, Call, Answer> {
  readonly #steps: Steps<State, Call, Answer>;
  readonly #events: readonly HistoryEvent<Call, Answer>[];
  /** Events that may still be passed. */
  #left: number;

  /** `effort`: so many events are passed at most. */
  constructor(
    steps: Steps<State, Call, Answer>,
    events: readonly HistoryEvent<Call, Answer>[],
    effort: number,
  ) {
    this.#steps = steps;
    this.#events = events;
    this.#left = effort;
  }

  /** A way over all events; null when none was found. `way[i]` stands before event i, the last of which it does not pass. */
  mend(way: Way<State, Call, Answer>): Way<State, Call, Answer> | null {
    return this.#withOneMore(way) ?? this.#withOneLess(way);
  }

  /** The event that `way` does not pass is explained by one operation that takes effect somewhere before it. */
  #withOneMore(way: Way<State, Call, Answer>): Way<State, Call, Answer> | null {
    const last = way[way.length - 1];
    const event = this.#events[way.length - 1];
    if (!last || event?.kind !== 'complete') return null;
    for (const op of this.#helpers(last, event.op)) {
      for (const index of this.#placesFor(op, way)) {
        const from = way[index] as Configuration<State, Call, Answer>;
        const place = this.#events[index] as HistoryEvent<Call, Answer>;
        for (const next of this.#steps.step(from, op, place)) {
          const mended = this.#follow([...way.slice(0, index), next]);
          if (mended.isWhole) return mended.way;
        }
        if (this.#left <= 0) return null;
      }
    }
    return null;
  }

  /** One of the operations that were taken to have happened, for want of their answers, did not; another may have. */
  #withOneLess(way: Way<State, Call, Answer>): Way<State, Call, Answer> | null {
    for (let index = way.length - 2; index >= 0 && this.#left > 0; index--) {
      const before = way[index] as Configuration<State, Call, Answer>;
      const after = way[index + 1] as Configuration<State, Call, Answer>;
      for (const { op } of after.done) {
        if (op.status === 'answered' || isDone(before, op)) continue;
        const mended = this.#follow(way.slice(0, index + 1), op);
        if (mended.isWhole) return mended.way;
        const whole = this.#withOneMore(mended.way);
        if (whole) return whole;
      }
    }
    return null;
  }

  /** The operation that ends, and those without an answer that matter to it, the newest first. */
  *#helpers(
    { state }: Configuration<State, Call, Answer>,
    op: Op<Call, Answer>,
  ): Generator<Op<Call, Answer>> {
    yield op;
    const { kept, model } = this.#steps;
    for (const other of kept.toReversed()) {
      const hasAnswer = other.status === 'answered' || other.status === 'pending';
      if (hasAnswer || model.relevant?.(state, other.call, undefined, op.call, op.answer) === false) continue;
      yield other;
    }
  }

  /** The events before which `op` can take effect, the last first; of those with the same state the last. */
  *#placesFor(op: Op<Call, Answer>, way: Way<State, Call, Answer>): Generator<number> {
    let later: State | undefined;
    for (let index = way.length - 1; index >= 0; index--) {
      const { at } = this.#events[index] as HistoryEvent<Call, Answer>;
      const config = way[index] as Configuration<State, Call, Answer>;
      if (at <= op.invokedAt) return;
      if (at > op.endedAt || (at === op.endedAt && op.status === 'answered')) continue;
      if (isDone(config, op)) return;
      if (config.state === later) continue;
      later = config.state;
      yield index;
    }
  }

  /** Straight on from the end of `way`, without the help of `except`. */
  #follow(way: Way<State, Call, Answer>, except?: Op<Call, Answer>): Mended<State, Call, Answer> {
    const followed = [...way];
    for (let index = way.length - 1; index < this.#events.length; index++) {
      const from = followed[index] as Configuration<State, Call, Answer>;
      const event = this.#events[index] as HistoryEvent<Call, Answer>;
      const next = this.#left-- > 0 && this.#steps.extend(from, event, except);
      if (!next) return { way: followed, isWhole: false };
      followed.push(next);
    }
    return { way: followed, isWhole: true };
  }
}
