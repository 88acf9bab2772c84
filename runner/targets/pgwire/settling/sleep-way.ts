/** Rest told by sleep: no thread of the service runs, and nothing is on its way to it or from it. */

import { hasUnread, type ServiceSleep } from './sleep.ts';
import { REFUSED_MS, type Standing, type Way } from './standing.ts';
import type { SettleTally } from './tally.ts';
import { polled, type Traffic, turn } from './traffic.ts';

/** A service that is not asleep after this will not be: it computes, or polls. */
const LIMIT_MS = 2_000;
/** So often it is looked at again without a timer, which is a millisecond at the least. */
const CLOSE_LOOKS = 30;
const NAP_MS = 0.05;

const nap = new Int32Array(new SharedArrayBuffer(4));

export interface SleepWayOptions {
  readonly traffic: Traffic;
  readonly sleep: ServiceSleep;
  /** Whose sockets are looked at too, which takes some ms; null: none. */
  readonly ports: readonly number[] | null;
  readonly tally: SettleTally;
}

export class SleepWay implements Way {
  readonly #options: SleepWayOptions;

  constructor(options: SleepWayOptions) {
    this.#options = options;
  }

  async rest(standing: Standing): Promise<void> {
    const { traffic, tally } = this.#options;
    standing.absorb();
    // What was moved has yet to get anywhere: there is no use in looking before something comes.
    if (!standing.hasMoved()) await traffic.news(1);
    const fromMs = performance.now();
    for (let looks = 0; ; looks++) {
      const seen = traffic.activity;
      const restlessMs = performance.now() - fromMs;
      await turn();
      if (standing.areRefused() && restlessMs >= REFUSED_MS) {
        tally.weak++;
        return;
      }
      if (traffic.activity !== seen) continue;
      if (await this.#isOff(looks, restlessMs >= LIMIT_MS)) continue;
      await polled();
      if (traffic.activity === seen) return;
    }
  }

  /** True when something was seen to go on; a moment later it is worth another look. */
  async #isOff(looks: number, isTooLate: boolean): Promise<boolean> {
    const { traffic, sleep, ports, tally } = this.#options;
    if (traffic.isMoving) {
      await traffic.news(2);
      return true;
    }
    if (sleep.isAsleep()) {
      if (ports === null || !hasUnread(ports)) return false;
      await traffic.news(1);
      return !isTooLate;
    }
    if (isTooLate) {
      tally.weak++;
      return false;
    }
    // Leaves the processor to the service.
    if (looks < CLOSE_LOOKS) Atomics.wait(nap, 0, 0, NAP_MS);
    else await traffic.news(1);
    return true;
  }
}
