/** The contract of a sink: where an engine puts the events, snapshots and verdict of one run. */
import type { EndReport, RunEvent, Snapshot } from '../../server/contract/index.ts';

export interface Sink {
  /** True for one that keeps nothing: events and snapshots are then not even composed. */
  readonly discards?: boolean;
  /**
   * Takes one event; synchronous and cheap. Returns a promise only when the buffer is full: the caller
   * must await it before it goes on. Throws (or rejects) once the sink has failed.
   */
  event(event: RunEvent): void | Promise<void>;
  /** Takes one snapshot, with the same backpressure: after the event whose index it bears, before the next event. */
  snapshot(snapshot: Snapshot): void | Promise<void>;
  /** The newest metrics, for the live row. The last call wins; nothing is queued. */
  live(metrics: Record<string, number>): void;
  /** Sends everything, then the report of the end; resolves after the receiver committed it. */
  end(report: EndReport): Promise<void>;
  /** Resolves once all that was taken so far is committed. An `end` event is held back until `end()`. */
  flush(): Promise<void>;
}

/** The run is no longer this harness's: its runner lost the lease, or the run was ended by others. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'lease_lost';
}

/** The receiver can never take what was sent: a retry would be refused again. */
export class TelemetryRefusedError extends Error {
  override readonly name = 'TelemetryRefusedError';
  /** The receiver's code (`unstorable_text`, `sequence_gap`, …) or `http_<status>`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The sink was closed before all was delivered: its process ends without a verdict. */
export class SinkClosedError extends Error {
  override readonly name = 'SinkClosedError';
  readonly code = 'sink_closed';
}
