/** The stored history around the place that the replay looks at: events, metrics, the city. Bounded. */
import type { CityState } from '../../../server/contract/index.ts';
import { api, asProblem } from '../client/api.ts';
import { Lane } from './lane.ts';
import { askForToken } from './session.ts';
import { Store } from './store.ts';
import { StoredEvents } from './stored-events.ts';

export interface HistoryWindowState {
  /** Cities by event, the newest fetched last. */
  cities: ReadonlyMap<number, CityState>;
  /** What could not be read; null while all could. */
  problem: string | null;
}

/** Events shown on either side of the place. */
export const AROUND = 24;
const KEPT = 16;

export class HistoryWindow {
  readonly store = new Store<HistoryWindowState>({
    cities: new Map(),
    problem: null,
  });
  readonly events: StoredEvents;
  readonly #runId: string;
  readonly #over = new AbortController();
  readonly #lanes = { city: new Lane() };

  constructor(runId: string) {
    this.events = new StoredEvents(runId);
    this.#runId = runId;
  }

  close(): void {
    this.#over.abort();
    this.events.close();
  }

  /** Reads what is missing around event `at` of a history whose newest event is `newest`. */
  want(at: number, newest: number): void {
    if (at < 0) return;
    this.events.want([[at - AROUND, at + AROUND]], newest);
    this.#lanes.city.ask(() => this.#guarded(() => this.#readCity(at)));
  }

  /** The metrics after event `at`, or those that were read last while these are on their way; null: none were. */
  metricsAt(at: number): CityState['metrics'] | null {
    const { cities } = this.store.value;
    return (cities.get(at) ?? [...cities.values()].at(-1))?.metrics ?? null;
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
