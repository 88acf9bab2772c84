/** The stored events of a run wherever somebody looks, and searching through them. Bounded. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { SCAN_EVENTS } from '../../run/filtered.ts';
import { type Matcher, matches } from '../../run/matcher.ts';
import { eventAt, missingPages, NO_PAGES, PAGE_EVENTS, type Pages, withPage } from '../../run/pages.ts';
import { api, asProblem } from '../client/api.ts';
import { Lane } from './lane.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';

/** Indexes of the first and the last event of a part of the history; they may lie outside of it. */
export type Stretch = readonly [from: number, to: number];

export interface StoredEventsState {
  pages: Pages;
  /** What could not be read; null while all could. */
  problem: string | null;
  /** What is searched for and where the search is; null while there is none. */
  seeking: { matcher: Matcher; at: number } | null;
}

/** Index of what was found; there is nothing; or nobody knows, because the search did not get to its end. */
export type Sought = number | 'nothing' | 'ended';

export class StoredEvents {
  readonly store = new Store<StoredEventsState>({ pages: NO_PAGES, problem: null, seeking: null });
  readonly #runId: string;
  readonly #over = new AbortController();
  readonly #lane = new Lane();
  #seek: AbortController | null = null;

  constructor(runId: string) {
    this.#runId = runId;
  }

  close(): void {
    this.#over.abort();
    this.stopSeeking();
  }

  /** Reads what is missing of these stretches of a history whose newest event is `newest`. */
  want(stretches: readonly Stretch[], newest: number): void {
    this.#lane.ask(() => this.#read(stretches, newest));
  }

  /** Undefined while it is not loaded. */
  eventAt(index: number): RunEvent | undefined {
    return eventAt(this.store.value.pages, index);
  }

  /** Looks for the next event beside `from` that matches. Another search, or none, ends it. */
  async seek(matcher: Matcher, from: number, step: 1 | -1, newest: number): Promise<Sought> {
    this.stopSeeking();
    const seek = new AbortController();
    this.#seek = seek;
    try {
      for (let at = from + step; at >= 0 && at <= newest; ) {
        this.store.change({ seeking: { matcher, at } });
        const low = step === 1 ? at : Math.max(0, at - SCAN_EVENTS + 1);
        const limit = step === 1 ? SCAN_EVENTS : at - low + 1;
        const { events } = await api.events(this.#runId, low, limit, seek.signal);
        const found = events[step === 1 ? 'find' : 'findLast']((event) => matches(matcher, event));
        if (found) return found.index;
        if (events.length === 0) return 'nothing';
        at = step === 1 ? low + events.length : low - 1;
      }
      return 'nothing';
    } catch (error) {
      if (!seek.signal.aborted) this.#failed(error);
      return 'ended';
    } finally {
      if (this.#seek === seek) this.stopSeeking();
    }
  }

  stopSeeking(): void {
    this.#seek?.abort();
    this.#seek = null;
    this.store.change({ seeking: null });
  }

  async #read(stretches: readonly Stretch[], newest: number): Promise<void> {
    try {
      for (const [from, to] of stretches) {
        for (const page of missingPages(this.store.value.pages, from, to, newest)) {
          const at = page * PAGE_EVENTS;
          const { events } = await api.events(this.#runId, at, PAGE_EVENTS, this.#over.signal);
          this.store.change({ pages: withPage(this.store.value.pages, page, events) });
        }
      }
      this.store.change({ problem: null });
    } catch (error) {
      if (!this.#over.signal.aborted) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!askForToken(error)) this.store.change({ problem: asProblem(error).message });
  }
}
