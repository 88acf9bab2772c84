/** A sink that hands every event to a reader at the pace at which it reads. */
import type { EndReport, RunEvent, Snapshot } from '../../server/contract/index.ts';
import type { Sink } from '../telemetry/sink.ts';

export class LineSink implements Sink {
  readonly #write: (line: unknown) => void | Promise<void>;

  /** `write` returns a promise while the reader has enough. */
  constructor(write: (line: unknown) => void | Promise<void>) {
    this.#write = write;
  }

  event(event: RunEvent): void | Promise<void> {
    return this.#write({ event });
  }

  snapshot(_snapshot: Snapshot): void {}

  live(_metrics: Record<string, number>): void {}

  async end({ status }: EndReport): Promise<void> {
    await this.#write({ ended: { status } });
  }

  async flush(): Promise<void> {}
}
