/** A sink that keeps everything in memory: for campaigns, shrinking and tests. */
import type { EndReport, RunEvent, Snapshot } from '../../server/contract/index.ts';
import type { Sink } from './sink.ts';

export class MemorySink implements Sink {
  readonly events: RunEvent[] = [];
  readonly snapshots: Snapshot[] = [];
  metrics: Record<string, number> = {};
  /** Null until the run has ended. */
  report: EndReport | null = null;

  event(event: RunEvent): void {
    this.events.push(event);
  }

  snapshot(snapshot: Snapshot): void {
    this.snapshots.push(snapshot);
  }

  live(metrics: Record<string, number>): void {
    this.metrics = metrics;
  }

  async end(report: EndReport): Promise<void> {
    this.report = report;
  }

  async flush(): Promise<void> {}
}
