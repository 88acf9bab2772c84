/** The clock that a service under test is given: virtual time from a fixed date, which is moved on and set wrong. */
import { FOUNDED_MS } from '../../server/contract/index.ts';
import type { When } from '../checkers/model.ts';
import type { ServiceTime } from '../checkers/service-time.ts';
import type { ServiceClock } from '../service/sql-service.ts';
import { ClockSkews } from './clock-skews.ts';

export class CityClock implements ServiceClock, ServiceTime {
  /** Virtual ms since the start; kept by the simulation. */
  virtualMs = 0;
  /** By how much it was moved on, beside the virtual time that has passed, in ms. */
  #movedMs = 0;
  readonly #skews = new ClockSkews();

  /** How wrong the service's clock is, in ms. */
  get skewMs(): number {
    return this.#skews.skewMs;
  }

  set skewMs(skewMs: number) {
    this.#skews.change(this.databaseMs(), skewMs);
  }

  /** What the service takes for the time, in whole ms since 1970. */
  nowMs(): number {
    return Math.floor(this.#trueMs + this.skewMs);
  }

  /** What its database takes for the time, in whole ms since 1970: the time itself. */
  databaseMs(): number {
    return Math.floor(this.#trueMs);
  }

  /** From now on the time is `nowMs`, in ms since 1970, and goes on from there. */
  moveTo(nowMs: number): void {
    this.#movedMs = nowMs - FOUNDED_MS - this.virtualMs;
  }

  /** What either clock can have shown between two instants, all in ms since 1970. */
  readings(fromMs: number, toMs: number): When {
    return this.#skews.readings(fromMs, toMs);
  }

  get #trueMs(): number {
    return FOUNDED_MS + this.virtualMs + this.#movedMs;
  }
}
