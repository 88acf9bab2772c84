/** Folds a run's history into the metrics after an event: what a snapshot tells of some events, of each. */
import type { CityState, JsonObject } from '../contract/index.ts';
import { LatencyHistogram } from '../contract/latency-histogram.ts';

interface CountedEvent {
  type: string;
  data: JsonObject;
}

/** Feed it every event in order. */
export class MetricsFold {
  #types = new Map<string, number>();
  #latency = new LatencyHistogram();
  #retries = 0;
  #inFlight = 0;
  /** Second copies of a request that are under way, which nobody waits for. */
  #duplicates = new Set<unknown>();

  apply({ type, data }: CountedEvent): void {
    const phase = type.split('.')[1];
    this.#count(phase ?? type);
    if (type === 'cancel.ok') this.#count(type);
    if (phase === 'invoke') this.#invoked(data);
    else if (phase !== undefined) this.#ended(data);
  }

  /** The engine's own, named as in snapshots. */
  metrics(): Record<string, number> {
    const [p50, p95, p99] = this.#latency.percentiles([0.5, 0.95, 0.99]) as [number, number, number];
    return {
      operations: this.#counted('invoke'),
      ok: this.#counted('ok'),
      refused: this.#counted('refused'),
      unknown: this.#counted('unknown'),
      retries: this.#retries,
      in_flight: this.#inFlight,
      faults: this.#counted('fault'),
      p50_latency_ms: p50,
      p95_latency_ms: p95,
      p99_latency_ms: p99,
    };
  }

  /** Those of bookings, for a city that has slots: as the city shows them. */
  metricsOf(slots: CityState['slots']): Record<string, number> {
    if (slots.length === 0) return {};
    return {
      bookings: slots.reduce((sum, { bookings }) => sum + bookings.length, 0),
      cancellations: this.#counted('cancel.ok'),
      slots_available: slots.filter(({ open, bookings, capacity }) => open && bookings.length < capacity)
        .length,
    };
  }

  /** One that goes on by itself from here. */
  copy(): MetricsFold {
    const copy = new MetricsFold();
    copy.#types = new Map(this.#types);
    copy.#latency = new LatencyHistogram(this.#latency);
    copy.#duplicates = new Set(this.#duplicates);
    copy.#retries = this.#retries;
    copy.#inFlight = this.#inFlight;
    return copy;
  }

  #invoked(data: JsonObject): void {
    if (data['duplicateOf'] !== undefined) this.#duplicates.add(data['op']);
    else this.#inFlight++;
    if (data['retryOf'] !== undefined) this.#retries++;
  }

  #ended(data: JsonObject): void {
    if (!this.#duplicates.delete(data['op'])) this.#inFlight--;
    if (typeof data['latencyMs'] === 'number') this.#latency.add(data['latencyMs']);
  }

  #count(what: string): void {
    this.#types.set(what, this.#counted(what) + 1);
  }

  #counted(what: string): number {
    return this.#types.get(what) ?? 0;
  }
}
