/** The newest operations as intervals, for the history of a slot in the forensic bundle. Bounded. */
import type { Interval, WireExchange } from '../../server/contract/index.ts';
import type { Operation } from '../scenarios/scenario.ts';
import { NewestMap } from '../sim/newest-map.ts';
import { rounded } from './rounded.ts';

/** Operations kept at once, over all objects. */
const KEPT = 8_192;
/** Operations of one object shown in a bundle. */
const SHOWN = 200;
/** HTTP requests kept of one operation. */
const MOST_EXCHANGES = 8;

interface Entry extends Interval {
  objects: readonly string[];
}

export class IntervalLog {
  readonly #entries = new NewestMap<number, Entry>(KEPT);

  /** `objects`: all that the call concerns. */
  invoked(operation: Operation, objects: readonly string[]): void {
    this.#entries.set(operation.id, {
      operation: operation.id,
      actor: operation.actor,
      call: operation.call,
      outcome: 'pending',
      answer: null,
      invokedIndex: operation.invokedIndex,
      completedIndex: null,
      invokedMs: rounded(operation.invokedMs),
      completedMs: null,
      objects,
    });
  }

  completed(id: number, outcome: Interval['outcome'], answer: unknown, index: number, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.outcome = outcome;
    entry.answer = answer;
    entry.completedIndex = index;
    entry.completedMs = rounded(nowMs);
  }

  /** A request of it goes over the wire; what is written into `exchange` later is shown too. */
  exchanged(id: number, exchange: WireExchange): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.wire ??= [];
    if (entry.wire.length < MOST_EXCHANGES) entry.wire.push(exchange);
  }

  /** The newest operations that concern `object` (null: all); oldest first. */
  of(object: string | null): Interval[] {
    const found: Interval[] = [];
    for (const { objects, ...interval } of this.#entries.values()) {
      if (object === null || objects.includes(object)) found.push(interval);
    }
    return found.slice(-SHOWN);
  }
}
