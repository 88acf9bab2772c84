/** Writes the history: gapless indexes, wall time stamped at the edge, snapshots in between, the last events at hand. */
import { asReached, type JsonObject, type RunEvent } from '../../server/contract/index.ts';
import type { Sink } from '../telemetry/sink.ts';
import { rounded } from './rounded.ts';

/** How many of the newest events a forensic bundle shows. */
const LAST_EVENTS = 50;

export interface RecorderOptions {
  sink: Sink;
  /** Events between two snapshots. */
  snapshotEvery: number;
  metrics: () => Record<string, number>;
  /** Wall time; nothing that is decided depends on it. */
  now: () => Date;
}

export class Recorder {
  readonly #options: RecorderOptions;
  #next = 0;
  readonly #last: RunEvent[] = [];
  #pressure: Promise<void> | null = null;
  /** What has been reached so far, told beside the metrics; null: the end tells it, or nobody knows yet. */
  reached: (() => Record<string, number>) | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** True when nobody reads the history: events are then only counted. */
  get silent(): boolean {
    return this.#options.sink.discards === true;
  }

  /** Counts an event that nobody reads and returns its index. */
  count(): number {
    return this.#next++;
  }

  /** The index that the next event gets. */
  get next(): number {
    return this.#next;
  }

  /** Not null while the sink's buffer is full: to be awaited before the simulation goes on. */
  takePressure(): Promise<void> | null {
    const pressure = this.#pressure;
    this.#pressure = null;
    return pressure;
  }

  /** The newest events, oldest first. */
  lastEvents(): RunEvent[] {
    return this.#last.slice(-LAST_EVENTS);
  }

  /** Appends an event and returns its index. */
  record(virtualMs: number, type: string, actor: string, data: JsonObject): number {
    const index = this.#next++;
    if (this.silent) return index;
    // Not before the end: where somebody else than the seed ends the run, the metrics would not be those of the seed.
    if (index > 0 && index % this.#options.snapshotEvery === 0 && type !== 'end') this.snapshot(index - 1);
    const at = this.#options.now().toISOString();
    const event: RunEvent = { index, at, virtualMs: rounded(virtualMs), type, actor, data };
    this.#last.push(event);
    if (this.#last.length >= 4 * LAST_EVENTS) this.#last.splice(0, this.#last.length - LAST_EVENTS);
    this.#await(this.#options.sink.event(event));
    return index;
  }

  /** The metrics as they are after the event with this index. */
  snapshot(index: number): void {
    if (this.silent) return;
    const metrics = this.#options.metrics();
    this.#await(this.#options.sink.snapshot({ index, at: this.#options.now().toISOString(), metrics }));
    this.#options.sink.live({ ...metrics, ...asReached(this.reached?.() ?? {}) });
  }

  #await(pressure: void | Promise<void>): void {
    if (pressure) this.#pressure = pressure;
  }
}
