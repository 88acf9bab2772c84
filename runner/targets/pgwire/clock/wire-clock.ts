/** The clock of a run as the processes of its service and of its PostgreSQL read it. */
import type { CityClock } from '../../../sim/clock.ts';
import type { ClockFile } from './clock-file.ts';

/** What the ground of a target has for that. */
export interface ClockGround {
  readonly file: ClockFile;
  /** Timers of Node skip what the clock skips. */
  readonly timers: boolean;
}

export class WireClock {
  readonly #city: CityClock;
  readonly #ground: ClockGround;

  constructor(city: CityClock, ground: ClockGround) {
    this.#city = city;
    this.#ground = ground;
  }

  get timers(): boolean {
    return this.#ground.timers;
  }

  /** The processes read what the run's clock shows now. */
  tell(skippedMs = 0): void {
    const { file } = this.#ground;
    file.write({ serviceMs: this.#city.nowMs(), databaseMs: this.#city.databaseMs() }, skippedMs);
  }

  moveTo(nowMs: number): void {
    const skippedMs = nowMs - this.#city.databaseMs();
    this.#city.moveTo(nowMs);
    this.tell(skippedMs);
  }
}
