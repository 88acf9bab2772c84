/** The stored history around the place that the replay looks at: events, metrics, the city. Bounded. */
import type { CityState, RunEvent } from '../../../server/contract/index.ts';
import { INCIDENTS, matches } from '../../run/matcher.ts';
import { eventAt, missingPages, NO_PAGES, PAGE_EVENTS, type Pages, withPage } from '../../run/pages.ts';
import type { Point } from '../../run/timeline.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';

export interface HistoryWindowState {
  pages: Pages;
  /** Cities by event, the newest fetched last. */
  cities: ReadonlyMap<number, CityState>;
  /** Metrics by block of events. */
  blocks: ReadonlyMap<number, readonly Point[]>;
  /** What could not be read; null while all could. */
  problem: string | null;
  /** Where the search for a fault or a violation is; null while there is none. */
  seekingAt: number | null;
}

/** Events shown on either side of the place. */
export const AROUND = 24;
const KEPT = 16;
const BLOCK_SNAPSHOTS = 50;
/** Events looked through in one go. */
const SEEK_EVENTS = 1_000;

export class HistoryWindow {
  readonly store = new Store<HistoryWindowState>({
    pages: NO_PAGES,
    cities: new Map(),
    blocks: new Map(),
    problem: null,
    seekingAt: null,
  });
  readonly #runId: string;
  readonly #every: number;
  readonly #over = new AbortController();
  readonly #lanes = { events: new Lane(), metrics: new Lane(), city: new Lane() };
  #seek: AbortController | null = null;

  constructor(runId: string, snapshotEvery: number) {
    this.#runId = runId;
    this.#every = snapshotEvery;
  }

  close(): void {
    this.#over.abort();
    this.stopSeeking();
  }

  /** Reads what is missing around event `at` of a history whose newest event is `newest`. */
  want(at: number, newest: number): void {
    if (at < 0) return;
    this.#lanes.events.ask(() => this.#guarded(() => this.#readEvents(at, newest)));
    this.#lanes.metrics.ask(() => this.#guarded(() => this.#readBlock(at)));
    this.#lanes.city.ask(() => this.#guarded(() => this.#readCity(at)));
  }

  eventAt(index: number): RunEvent | undefined {
    return eventAt(this.store.value.pages, index);
  }

  /** The metrics after event `at`; null while they are not loaded. */
  metricsAt(at: number): Point['metrics'] | null {
    const points = this.store.value.blocks.get(this.#blockOf(at)) ?? [];
    return points.findLast(({ index }) => index <= at)?.metrics ?? null;
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

  async #readBlock(at: number): Promise<void> {
    const block = this.#blockOf(at);
    const known = this.store.value.blocks.get(block)?.at(-1)?.index ?? -1;
    const size = this.#every * BLOCK_SNAPSHOTS;
    // A block is whole, or goes at least as far as what is asked for.
    if (known >= Math.min(at, (block + 1) * size - 1) - this.#every) return;
    const from = Math.max(0, block * size - 2 * this.#every);
    const limit = BLOCK_SNAPSHOTS + 4;
    const { snapshots } = await api.snapshots(this.#runId, { from, limit }, this.#over.signal);
    this.store.change({ blocks: bounded(this.store.value.blocks, block, snapshots) });
  }

  async #readCity(at: number): Promise<void> {
    if (this.store.value.cities.has(at)) return;
    const city = await api.city(this.#runId, at, this.#over.signal);
    this.store.change({ cities: bounded(this.store.value.cities, at, city) });
  }

  #blockOf(at: number): number {
    return Math.floor(at / (this.#every * BLOCK_SNAPSHOTS));
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
