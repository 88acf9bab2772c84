/** What was asked of one object and answered since its state was last known, so that it can be checked again. */

/** A refusal, as whoever records it wants to be told of it again. */
export interface Refusal {
  /** Anything: what the caller knows of it. */
  readonly about: unknown;
}

export type LogEntry =
  | { readonly kind: 'invoke'; readonly id: number; readonly call: unknown }
  | {
      readonly kind: 'complete';
      readonly id: number;
      readonly call: unknown;
      readonly answer: unknown;
      readonly refusal: Refusal | null;
    }
  | { readonly kind: 'unknown' | 'expire'; readonly id: number }
  | { readonly kind: 'forget'; readonly what: unknown };

/** Entries that are kept, at most: a few hundred operations. */
const MOST_ENTRIES = 1_200;
/** From so many on, the log begins anew where the state is known. */
const RESTART_ENTRIES = 600;

export class ObjectLog {
  /** The state before the first entry. */
  #base: unknown;
  #entries: LogEntry[] = [];
  /** True while entries are missing since `#base`. */
  #isCut = false;

  constructor(base: unknown) {
    this.#base = base;
  }

  get base(): unknown {
    return this.#base;
  }

  /** Everything since `base`; null when it was more than is kept. */
  get entries(): readonly LogEntry[] | null {
    return this.#isCut ? null : this.#entries;
  }

  add(entry: LogEntry): void {
    if (this.#isCut) return;
    if (this.#entries.length < MOST_ENTRIES) {
      this.#entries.push(entry);
      return;
    }
    this.#isCut = true;
    this.#entries = [];
  }

  /** True when it would do well to begin anew. */
  get isLong(): boolean {
    return this.#isCut || this.#entries.length >= RESTART_ENTRIES;
  }

  /** Nothing is under way, and this is the only state that is possible. */
  restart(base: unknown): void {
    this.#base = base;
    this.#entries = [];
    this.#isCut = false;
  }
}
