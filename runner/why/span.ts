/** An atomic span, with the engine as the lock: from one statement until its transaction ends, no other request of the object comes in. */
import type { Attempt } from '../harness/attempt.ts';
import type { Guide, NextStep } from '../harness/guide.ts';

const WRITES = /^\s*(insert|update|delete|merge|with)\b/i;

export class AtomicSpan implements Guide {
  /** Times that one had to be let in all the same: then a pass proves nothing. */
  fell = 0;
  /** It kept somebody out: a pass in which it never did shows nothing. */
  hasHeld = false;
  readonly #from: string;
  /** Who is inside, by object. */
  readonly #inside = new Map<string, Attempt>();
  /** Those that have written already: holding them would hold whoever waits for their locks. */
  readonly #wrote = new Set<Attempt>();

  /** `from`: the text of the statement with which the span begins. */
  constructor(from: string) {
    this.#from = from;
  }

  holds(attempt: Attempt, next: NextStep): boolean {
    if (next.kind !== 'statement' || next.text === null) return false;
    const enters = next.text === this.#from;
    const isHeld = this.#isInside(attempt)
      ? enters || (WRITES.test(next.text) && !this.#wrote.has(attempt))
      : enters && this.#isWritten(attempt);
    this.hasHeld ||= isHeld;
    return isHeld;
  }

  /** Another request is in the span of its object. */
  #isInside(attempt: Attempt): boolean {
    const { object } = attempt.flow;
    const inside = object === null ? undefined : this.#inside.get(object);
    return inside !== undefined && inside !== attempt;
  }

  /** Another has written to its object and not come to the end of its transaction: a lock would be waited for. */
  #isWritten(attempt: Attempt): boolean {
    const { object } = attempt.flow;
    if (object === null || this.#inside.get(object) === attempt) return false;
    return [...this.#wrote].some((other) => other !== attempt && other.flow.object === object);
  }

  stepped(attempt: Attempt, next: NextStep): void {
    const { object } = attempt.flow;
    if (next.kind === 'commit' || next.kind === 'rollback') return this.left(attempt);
    if (next.text === null) return;
    if (next.text === this.#from && object !== null && !this.#inside.has(object))
      this.#inside.set(object, attempt);
    if (WRITES.test(next.text)) this.#wrote.add(attempt);
  }

  left(attempt: Attempt): void {
    const { object } = attempt.flow;
    if (object !== null && this.#inside.get(object) === attempt) this.#inside.delete(object);
    this.#wrote.delete(attempt);
  }

  gaveWay(): void {
    this.fell++;
  }
}

/** Requests that are asked again, and duplicates, come only when nothing else can. */
export class WithoutRepeats implements Guide {
  fell = 0;

  holds(attempt: Attempt): boolean {
    return attempt.attempt > 0 || attempt.faults === null;
  }

  gaveWay(): void {
    this.fell++;
  }
}
