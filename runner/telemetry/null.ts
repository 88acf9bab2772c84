/** A sink that keeps nothing: a campaign, or a failure that is tried again, wants verdicts only. */
import type { EndReport, RunEvent, Snapshot } from '../../server/contract/index.ts';
import type { Sink } from './sink.ts';

export class NullSink implements Sink {
  readonly discards = true;

  event(_event: RunEvent): void {}
  snapshot(_snapshot: Snapshot): void {}
  live(_metrics: Record<string, number>): void {}
  async end(_report: EndReport): Promise<void> {}
  async flush(): Promise<void> {}
}
