/** A sink that writes stream frames as lines of JSON, `{"frame":"event","data":{…}}`, the `end` frame last. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import {
  type EndFrame,
  type EndReport,
  type Frame,
  passOf,
  type RunEvent,
  type Snapshot,
} from '../../server/contract/index.ts';
import type { Sink } from './sink.ts';

export class NdjsonSink implements Sink {
  readonly #output: Writable;
  #first: RunEvent | null = null;
  #last: RunEvent | null = null;

  constructor(output: Writable) {
    this.#output = output;
  }

  event(event: RunEvent): void | Promise<void> {
    this.#first ??= event;
    this.#last = event;
    return this.#write({ frame: 'event', data: event });
  }

  snapshot(snapshot: Snapshot): void | Promise<void> {
    return this.#write({ frame: 'snapshot', data: snapshot });
  }

  /** Snapshots carry the metrics; a file has no live row. */
  live(): void {}

  async end(report: EndReport): Promise<void> {
    await this.#write({ frame: 'end', data: this.#endFrame(report) });
    await this.flush();
  }

  async flush(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#output.write('', (error) => (error ? reject(error) : resolve()));
    });
  }

  #write(frame: Frame): void | Promise<void> {
    if (this.#output.write(`${JSON.stringify(frame)}\n`)) return;
    return once(this.#output, 'drain').then(() => undefined);
  }

  #endFrame(report: EndReport): EndFrame {
    const forensic = report.failForensic;
    const elapsedMs = this.#first && this.#last ? Date.parse(this.#last.at) - Date.parse(this.#first.at) : 0;
    return {
      status: report.status,
      pass: passOf(report.status),
      eventIndex: this.#last?.index ?? -1,
      durationSecondsActual: elapsedMs / 1_000,
      failure: forensic && {
        kind: forensic.kind,
        invariant: forensic.invariant,
        message: forensic.message,
        eventIndex: forensic.eventIndex,
        reproduce: forensic.reproduce,
      },
      stopReason: report.reason,
    };
  }
}
