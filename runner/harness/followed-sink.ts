/** A sink that knows how far the history that goes through it has come. */
import type { EndReport, RunEvent, Snapshot } from '../../server/contract/index.ts';
import type { Sink } from '../telemetry/sink.ts';

const LAST_EVENTS = 50;

export class FollowedSink implements Sink {
  readonly #sink: Sink;
  readonly #last: RunEvent[] = [];
  #next = 0;
  #hasEnded = false;

  /** `sink` itself when it is followed already. */
  static over(sink: Sink): FollowedSink {
    return sink instanceof FollowedSink ? sink : new FollowedSink(sink);
  }

  private constructor(sink: Sink) {
    this.#sink = sink;
  }

  get discards(): boolean {
    return this.#sink.discards === true;
  }

  /** The index that the next event must have. */
  get next(): number {
    return this.#next;
  }

  /** True once the report of the end is delivered. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The newest events, oldest first. */
  get lastEvents(): readonly RunEvent[] {
    return this.#last.slice(-LAST_EVENTS);
  }

  event(event: RunEvent): void | Promise<void> {
    this.#next = event.index + 1;
    this.#last.push(event);
    if (this.#last.length >= 4 * LAST_EVENTS) this.#last.splice(0, this.#last.length - LAST_EVENTS);
    return this.#sink.event(event);
  }

  snapshot(snapshot: Snapshot): void | Promise<void> {
    return this.#sink.snapshot(snapshot);
  }

  live(metrics: Record<string, number>): void {
    this.#sink.live(metrics);
  }

  async end(report: EndReport): Promise<void> {
    await this.#sink.end(report);
    this.#hasEnded = true;
  }

  flush(): Promise<void> {
    return this.#sink.flush();
  }
}
