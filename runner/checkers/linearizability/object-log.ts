/** What was asked of one object and answered since its state was last known, so that it can be checked again. */
import type { OpId } from './history.ts';

/** A refusal, as whoever records it wants to be told of it again. */
export interface Refusal {
  /** Anything: what the caller knows of it. */
  readonly about: unknown;
}

export type LogEntry = {
  /** When, in ms since 1970; left out where nothing heeds it. */
  readonly ms?: number;
} & (
  | { readonly kind: 'invoke'; readonly id: OpId; readonly call: unknown }
  | {
      readonly kind: 'complete';
      readonly id: OpId;
      readonly call: unknown;
      readonly answer: unknown;
      readonly refusal: Refusal | null;
    }
  | { readonly kind: 'unknown' | 'expire'; readonly id: OpId }
  | { readonly kind: 'forget'; readonly what: unknown }
);

/** Entries that are kept, at most: a few hundred operations. */
const MOST_ENTRIES = 1_200;
/** From so many on, the log begins anew where the state is known. */
const RESTART_ENTRIES = 600;

export class ObjectLog {
  /** The state before the first entry. */
  #base: unknown;
  #entries: LogEntry[] = [];
  /** When each entry was added, as the caller counts it. */
  #times: number[] = [];
  /** True while entries are missing since `#base`. */
  #isCut = false;

  constructor(base: unknown) {
    this.#base = base;
  }

  /** The logs of different objects as one, each entry as the log's own function writes it down. */
  static joined(logs: readonly { log: ObjectLog; entry: (entry: LogEntry) => LogEntry }[], base: unknown) {
    const all = new ObjectLog(base);
    const timed = logs.flatMap(({ log, entry }) =>
      log.#entries.map((one, i) => ({ entry: entry(one), at: log.#times[i] as number })),
    );
    for (const { entry, at } of timed.sort((a, b) => a.at - b.at)) all.add(entry, at);
    if (logs.some(({ log }) => log.#isCut)) all.cut();
    return all;
  }

  get base(): unknown {
    return this.#base;
  }

  /** Everything since `base`; null when it was more than is kept. */
  get entries(): readonly LogEntry[] | null {
    return this.#isCut ? null : this.#entries;
  }

  /** `at` orders the entries of several logs; left out: by themselves. */
  add(entry: LogEntry, at = this.#entries.length): void {
    if (this.#isCut) return;
    if (this.#entries.length >= MOST_ENTRIES) return this.cut();
    this.#entries.push(entry);
    this.#times.push(at);
  }

  /** What comes from here on is not known to the end. */
  cut(): void {
    this.#isCut = true;
    this.#entries = [];
    this.#times = [];
  }

  /** True when it would do well to begin anew. */
  get isLong(): boolean {
    return this.#isCut || this.#entries.length >= RESTART_ENTRIES;
  }

  /** Nothing is under way, and this is the only state that is possible. */
  restart(base: unknown): void {
    this.#base = base;
    this.#entries = [];
    this.#times = [];
    this.#isCut = false;
  }
}
