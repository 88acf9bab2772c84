/** The stored history around the place that the replay looks at: events, metrics, the city. Bounded. */
import type { CityState } from '../../../server/contract/index.ts';
import type { Point } from '../../run/timeline.ts';
import { api, asProblem } from '../client/api.ts';
import { Lane } from './lane.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';
import { StoredEvents } from './stored-events.ts';

export interface HistoryWindowState {
  /** Cities by event, the newest fetched last. */
  cities: ReadonlyMap<number, CityState>;
  /** Metrics by block of events. */
  blocks: ReadonlyMap<number, readonly Point[]>;
  /** What could not be read; null while all could. */
  problem: string | null;
}

/** Events shown on either side of the place. */
export const AROUND = 24;
const KEPT = 16;
const BLOCK_SNAPSHOTS = 50;

export class HistoryWindow {
  readonly store = new Store<HistoryWindowState>({
    cities: new Map(),
    blocks: new Map(),
    problem: null,
  });
  readonly events: StoredEvents;
  readonly #runId: string;
  readonly #every: number;
  readonly #over = new AbortController();
  readonly #lanes = { metrics: new Lane(), city: new Lane() };

  constructor(runId: string, snapshotEvery: number) {
    this.events = new StoredEvents(runId);
    this.#runId = runId;
    this.#every = snapshotEvery;
  }

  close(): void {
    this.#over.abort();
    this.events.close();
  }

  /** Reads what is missing around event `at` of a history whose newest event is `newest`. */
  want(at: number, newest: number): void {
    if (at < 0) return;
    this.events.want([[at - AROUND, at + AROUND]], newest);
    this.#lanes.metrics.ask(() => this.#guarded(() => this.#readBlock(at)));
    this.#lanes.city.ask(() => this.#guarded(() => this.#readCity(at)));
  }

  /** The metrics after event `at`; null while they are not loaded. */
  metricsAt(at: number): Point['metrics'] | null {
    const points = this.store.value.blocks.get(this.#blockOf(at)) ?? [];
    return points.findLast(({ index }) => index <= at)?.metrics ?? null;
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
      if (this.#over.signal.aborted || askForToken(error)) return;
      this.store.change({ problem: asProblem(error).message });
    }
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
