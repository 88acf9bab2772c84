/** Seeds of a campaign that come while it goes on: each batch is handed out once. */
import type { SeedRange } from '../../server/contract/index.ts';
import type { StopControl } from '../harness/stop-control.ts';

export class SeedInbox {
  readonly #stop: StopControl;
  readonly #batches: (readonly SeedRange[])[] = [];
  #wake: () => void = () => {};

  constructor(stop: StopControl) {
    this.#stop = stop;
    stop.onRequest(() => this.#wake());
  }

  put(seeds: readonly SeedRange[]): void {
    this.#batches.push(seeds);
    this.#wake();
  }

  /** The next batch, once there is one; null: a stop was asked for. */
  async next(): Promise<readonly SeedRange[] | null> {
    while (this.#batches.length === 0 && !this.#stop.requested) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#stop.requested ? null : (this.#batches.shift() ?? null);
  }
}
