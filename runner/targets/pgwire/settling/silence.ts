/** Rest told by silence: nothing came for a while. A weaker kind, for services whose threads cannot be seen. */
import type { Standing, Way } from './standing.ts';
import type { SettleTally } from './tally.ts';
import type { Traffic } from './traffic.ts';

const SILENCE_MS = 5;

export class SilenceWay implements Way {
  readonly #traffic: Traffic;
  readonly #tally: SettleTally;

  constructor(traffic: Traffic, tally: SettleTally) {
    this.#traffic = traffic;
    this.#tally = tally;
  }

  async rest(standing: Standing): Promise<void> {
    this.#tally.weak++;
    let seen = this.#traffic.activity;
    let fromMs = performance.now();
    for (;;) {
      await this.#traffic.news(1);
      if (this.#traffic.activity !== seen || this.#traffic.isMoving) {
        seen = this.#traffic.activity;
        fromMs = performance.now();
      } else if (performance.now() - fromMs >= SILENCE_MS) {
        standing.absorb();
        return;
      }
    }
  }
}
