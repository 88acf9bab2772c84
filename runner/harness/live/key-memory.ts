/**
 * How long the keys of bookings are remembered: the model keeps what a repeat may ask for, which makes a
 * long history expensive, so a key is given up some time after its last use, and never used again.
 */
import type { BookCall } from '../../scenarios/bookings/calls.ts';
import type { ModelPart } from '../../scenarios/scenario.ts';

/** Operations between the last use of a key and its end. */
const GRACE_OPERATIONS = 24;

interface Entry {
  readonly call: BookCall;
  readonly parts: readonly ModelPart[];
  users: number;
  /** The number of the operation at which it goes; null while it is needed. */
  due: number | null;
}

export class KeyMemory {
  readonly #entries = new Map<string, Entry>();
  /** Those that are due, in order; an entry that is needed again is skipped. */
  #queue: Entry[] = [];
  readonly #forget: (parts: readonly ModelPart[]) => void;
  readonly #mayRepeat: (call: BookCall) => boolean;

  constructor(forget: (parts: readonly ModelPart[]) => void, mayRepeat: (call: BookCall) => boolean) {
    this.#forget = forget;
    this.#mayRepeat = mayRepeat;
  }

  /** False when the key is no longer remembered, so that the request must not be repeated. */
  knows(call: BookCall): boolean {
    return this.#entries.has(identityOf(call));
  }

  used(call: BookCall, parts: readonly ModelPart[]): void {
    const identity = identityOf(call);
    const entry = this.#entries.get(identity) ?? { call, parts, users: 0, due: null };
    entry.users++;
    entry.due = null;
    this.#entries.set(identity, entry);
  }

  /** A citizen is through with a request at operation `n`. */
  done(call: BookCall, n: number): void {
    const entry = this.#entries.get(identityOf(call));
    if (!entry) return;
    entry.users--;
    if (entry.users > 0 || this.#mayRepeat(entry.call)) return;
    entry.due = n + GRACE_OPERATIONS;
    this.#queue.push(entry);
  }

  /** Forgets what is due at operation `n`. */
  sweep(n: number): void {
    let gone = 0;
    for (const entry of this.#queue) {
      if (entry.due !== null && entry.due > n) break;
      gone++;
      if (entry.due === null || !this.#entries.delete(identityOf(entry.call))) continue;
      this.#forget(entry.parts);
    }
    if (gone > 0) this.#queue = this.#queue.slice(gone);
  }
}

function identityOf({ slot, citizen, key }: BookCall): string {
  return JSON.stringify([slot, citizen, key]);
}
