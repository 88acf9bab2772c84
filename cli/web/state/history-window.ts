/** The stored history around the place that the replay looks at: events, metrics, the city. Bounded. */
import type { CityState, RunEvent } from '../../../server/contract/index.ts';
import { INCIDENTS, matches } from '../../run/matcher.ts';
import { eventAt, missingPages, NO_PAGES, PAGE_EVENTS, type Pages, withPage } from '../../run/pages.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';

export interface HistoryWindowState {
  pages: Pages;
  /** Cities by event, the newest fetched last. */
  cities: ReadonlyMap<number, CityState>;
  /** What could not be read; null while all could. */
  problem: string | null;
  /** Where the search for a fault or a violation is; null while there is none. */
  seekingAt: number | null;
}

/** Events shown on either side of the place. */
export const AROUND = 24;
const KEPT = 16;
/** Events looked through in one go. */
const SEEK_EVENTS = 1_000;

export class HistoryWindow {
  readonly store = new Store<HistoryWindowState>({
    pages: NO_PAGES,
    cities: new Map(),
    problem: null,
    seekingAt: null,
  });
  readonly #runId: string;
  readonly #over = new AbortController();
  readonly #lanes = { events: new Lane(), city: new Lane() };
  #seek: AbortController | null = null;

  constructor(runId: string) {
    this.#runId = runId;
  }

  close(): void {
    this.#over.abort();
    this.stopSeeking();
  }

  /** Reads what is missing around event `at` of a history whose newest event is `newest`. */
  want(at: number, newest: number): void {
    if (at < 0) return;
    this.#lanes.events.ask(() => this.#guarded(() => this.#readEvents(at, newest)));
    this.#lanes.city.ask(() => this.#guarded(() => this.#readCity(at)));
  }

  eventAt(index: number): RunEvent | undefined {
    return eventAt(this.store.value.pages, index);
  }

  /** The metrics after event `at`, or those that were read last while these are on their way; null: none were. */
  metricsAt(at: number): CityState['metrics'] | null {
    const { cities } = this.store.value;
    return (cities.get(at) ?? [...cities.values()].at(-1))?.metrics ?? null;
  }

  /** Index of the next fault or violation beside `from`; null: there is none, or the search was ended. */
  async seekIncident(from: number, step: 1 | -1, newest: number): Promise<number | null> {
    this.stopSeeking();
    const seek = new AbortController();
    this.#seek = seek;
    try {
      for (let at = from + step; at >= 0 && at <= newest; ) {
        this.store.change({ seekingAt: at });
        const low = step === 1 ? at : Math.max(0, at - SEEK_EVENTS + 1);
        const limit = step === 1 ? SEEK_EVENTS : at - low + 1;
        const { events } = await api.events(this.#runId, low, limit, seek.signal);
        const found = events[step === 1 ? 'find' : 'findLast']((event) => matches(INCIDENTS, event));
        if (found) return found.index;
        if (events.length === 0) return null;
        at = step === 1 ? low + events.length : low - 1;
      }
      return null;
    } catch (error) {
      if (!seek.signal.aborted) this.#failed(error);
      return null;
    } finally {
      if (this.#seek === seek) this.stopSeeking();
    }
  }

  stopSeeking(): void {
    this.#seek?.abort();
    this.#seek = null;
    this.store.change({ seekingAt: null });
  }

  async #readEvents(at: number, newest: number): Promise<void> {
    for (const page of missingPages(this.store.value.pages, at - AROUND, at + AROUND, newest)) {
      const { events } = await api.events(this.#runId, page * PAGE_EVENTS, PAGE_EVENTS, this.#over.signal);
      this.store.change({ pages: withPage(this.store.value.pages, page, events) });
    }
  }

  async #readCity(at: number): Promise<void> {
    if (this.store.value.cities.has(at)) return;
    const city = await api.city(this.#runId, at, this.#over.signal);
    this.store.change({ cities: bounded(this.store.value.cities, at, city) });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.store.change({ problem: null });
    } catch (error) {
      if (!this.#over.signal.aborted) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!askForToken(error)) this.store.change({ problem: asProblem(error).message });
  }
}

/** One request at a time; of those that wait only the newest is made. */
class Lane {
  #next: (() => Promise<void>) | null = null;
  #isBusy = false;

  ask(work: () => Promise<void>): void {
    this.#next = work;
    if (!this.#isBusy) void this.#go();
  }

  async #go(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== null) {
      const work = this.#next;
      this.#next = null;
      await work();
    }
    this.#isBusy = false;
  }
}

function bounded<Value>(known: ReadonlyMap<number, Value>, key: number, value: Value) {
  const next = new Map(known);
  next.delete(key);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= KEPT) break;
    next.delete(oldest);
  }
  return next;
}
