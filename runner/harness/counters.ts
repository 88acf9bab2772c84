/** What the engine itself counts of a run, whatever the scenario. */
import { LatencyHistogram } from '../../server/contract/latency-histogram.ts';

export class Counters {
  operations = 0;
  ok = 0;
  refused = 0;
  unknown = 0;
  retries = 0;
  inFlight = 0;
  faults = 0;
  readonly latency = new LatencyHistogram();

  /** Names as in snapshots; latencies in virtual milliseconds. */
  metrics(): Record<string, number> {
    const [p50, p95, p99] = this.latency.percentiles([0.5, 0.95, 0.99]) as [number, number, number];
    return {
      operations: this.operations,
      ok: this.ok,
      refused: this.refused,
      unknown: this.unknown,
      retries: this.retries,
      in_flight: this.inFlight,
      faults: this.faults,
      p50_latency_ms: p50,
      p95_latency_ms: p95,
      p99_latency_ms: p99,
    };
  }
}
