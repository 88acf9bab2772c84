/**
 * Rest told by counting: every request under way is answered or at the gate, so that nobody is left who could go on.
 * Right for services that never have two statements of one request at once.
 */
import { REFUSED_MS, type Standing, type Way } from './standing.ts';
import type { SettleTally } from './tally.ts';
import { type Traffic, turn } from './traffic.ts';

export class CountWay implements Way {
  readonly #traffic: Traffic;
  /** For when the count does not come out. */
  readonly #otherwise: Way;
  readonly #tally: SettleTally;
  /** True once two statements of one request were seen at once: for good. */
  isLeft = false;

  constructor(traffic: Traffic, otherwise: Way, tally: SettleTally) {
    this.#traffic = traffic;
    this.#otherwise = otherwise;
    this.#tally = tally;
  }

  async rest(standing: Standing): Promise<void> {
    if (this.isLeft) return await this.#otherwise.rest(standing);
    const fromMs = performance.now();
    for (let waits = 0; ; ) {
      const seen = this.#traffic.activity;
      await turn();
      standing.absorb();
      if (!this.#traffic.isMoving && standing.areAllAccounted()) {
        this.#tally.counted++;
        return;
      }
      if (standing.areRefused() && performance.now() - fromMs >= REFUSED_MS) {
        return await this.#otherwise.rest(standing);
      }
      if (this.#traffic.activity !== seen) continue;
      // Nothing came for a while: someone waits inside the service, and only its sleep tells.
      if (!this.#traffic.isMoving && waits++ > 0) return await this.#otherwise.rest(standing);
      await this.#traffic.news(1);
    }
  }
}
