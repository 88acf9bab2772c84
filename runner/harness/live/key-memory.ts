/**
 * How long requests that can be repeated are remembered: the model keeps what a repeat may ask for, which makes a
 * long history expensive, so a request is given up some time after its last use, and never sent again. It is given up
 * too when it has become older than the service promises to know its key.
 */
import type { ServiceRules } from '../../../server/contract/index.ts';
import type { ModelPart } from '../../scenarios/workload.ts';
import type { Call } from '../../service/call.ts';

/** Operations between the last use of a request and its end. */
const GRACE_OPERATIONS = 24;
/** A repeat leaves so long before the service may forget the key: it has its way to go, and may be tried again. */
const MARGIN_MS = 500;

interface Entry {
  readonly call: Call;
  readonly parts: readonly ModelPart[];
  /** When it was first sent, and how many others had been by then. */
  readonly begunMs: number;
  readonly number: number;
  users: number;
  /** The number of the operation at which it goes; null while it is needed. */
  due: number | null;
}

export interface KeyMemoryOptions {
  readonly rules: Readonly<ServiceRules>;
  /** Milliseconds since the start of the run. */
  readonly now: () => number;
  readonly forget: (parts: readonly ModelPart[]) => void;
  readonly mayRepeat: (call: Call) => boolean;
}

export class KeyMemory {
  readonly #options: KeyMemoryOptions;
  readonly #entries = new Map<string, Entry>();
  /** Those that are due, in order; an entry that is needed again is skipped. */
  #queue: Entry[] = [];
  #made = 0;
  #oldest = { oldestMs: 0, oldestKeys: 0 };

  constructor(options: KeyMemoryOptions) {
    this.#options = options;
  }

  /** The oldest request that was repeated: its age then in ms, and how many were made since. */
  get repeated(): { oldestMs: number; oldestKeys: number } {
    return this.#oldest;
  }

  /** False when the request must not be repeated: it is no longer remembered, here or by the service. */
  knows(call: Call): boolean {
    const entry = this.#entries.get(identityOf(call));
    if (!entry) return false;
    const { keyTtl } = this.#options.rules;
    if (keyTtl === null) return true;
    return 'seconds' in keyTtl
      ? this.ageMs(call) < keyTtl.seconds * 1_000 - MARGIN_MS
      : this.newerThan(call) < keyTtl.keys;
  }

  /** How long ago the request was first sent, in ms; 0 for one that is not known. */
  ageMs(call: Call): number {
    const entry = this.#entries.get(identityOf(call));
    return entry ? this.#options.now() - entry.begunMs : 0;
  }

  /** How many requests with other keys were first sent since. */
  newerThan(call: Call): number {
    const entry = this.#entries.get(identityOf(call));
    return entry ? this.#made - entry.number : 0;
  }

  used(call: Call, parts: readonly ModelPart[]): void {
    const identity = identityOf(call);
    const known = this.#entries.get(identity);
    const entry: Entry = known ?? {
      ...{ call, parts, users: 0, due: null },
      ...{ begunMs: this.#options.now(), number: ++this.#made },
    };
    entry.users++;
    entry.due = null;
    this.#entries.set(identity, entry);
    if (!known) return;
    this.#oldest = {
      oldestMs: Math.max(this.#oldest.oldestMs, this.#options.now() - entry.begunMs),
      oldestKeys: Math.max(this.#oldest.oldestKeys, this.#made - entry.number),
    };
  }

  /** A citizen is through with a request at operation `n`. */
  done(call: Call, n: number): void {
    const entry = this.#entries.get(identityOf(call));
    if (!entry) return;
    entry.users--;
    if (entry.users > 0 || this.#options.mayRepeat(entry.call)) return;
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
      this.#options.forget(entry.parts);
    }
    if (gone > 0) this.#queue = this.#queue.slice(gone);
  }
}

function identityOf(call: Call): string {
  return JSON.stringify(call);
}
