/** The clocks of the service as a recorded history tells them: virtual time, moves, and how wrong the service's was. */
import { CLOCK_EVENT, type RunEvent } from '../../server/contract/index.ts';
import type { When } from '../checkers/model.ts';
import type { ServiceTime } from '../checkers/service-time.ts';
import { CityClock } from '../sim/clock.ts';

/** The event of a request is up to so much later than the clock was read, in ms. */
const LATE_MS = 1;

export class RecordedTime implements ServiceTime {
  readonly #changes: readonly RunEvent[];
  #clock = new CityClock();
  #next = 0;
  #at = 0;

  constructor(events: readonly RunEvent[]) {
    this.#changes = events.filter(
      ({ type, data }) => type === CLOCK_EVENT || type === 'heal' || data['name'] === 'clock-skew',
    );
  }

  /** To the event with this index, so many virtual ms after the start; also back. */
  goTo(index: number, virtualMs: number): void {
    if (index < this.#at) {
      this.#clock = new CityClock();
      this.#next = 0;
    }
    this.#at = index;
    for (
      let event = this.#changes[this.#next];
      event && event.index <= index;
      event = this.#changes[this.#next]
    ) {
      this.#change(event);
      this.#next++;
    }
    this.#clock.virtualMs = virtualMs;
  }

  #change({ type, virtualMs, data }: RunEvent): void {
    this.#clock.virtualMs = virtualMs;
    if (type === CLOCK_EVENT) this.#clock.moveTo(Number(data['nowMs']));
    else this.#clock.skewMs = type === 'heal' ? 0 : Number(data['skewMs'] ?? 0);
  }

  databaseMs(): number {
    return this.#clock.databaseMs();
  }

  readings(fromMs: number, toMs: number): When {
    return this.#clock.readings(fromMs - LATE_MS, toMs);
  }
}
