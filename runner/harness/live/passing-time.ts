/** Lets time pass in a live run until what is to run out is about to, or has. A virtual clock is moved there; a real one is awaited. */
import { muteName } from '../../faults/seeded-faults.ts';
import type { Workload } from '../../scenarios/workload.ts';
import { AWAITED, ClockMoves, type Deadlines, destinationOf } from '../../sim/clock-moves.ts';
import type { Trace } from '../trace.ts';
import { numberOf } from './group-cursor.ts';
import type { LiveTime } from './live-time.ts';

/** What runs out later than this is not waited for, in ms. */
const LONGEST_WAIT_MS = 2_000;

export interface PassingTimeOptions {
  readonly seed: number;
  /** Waits that are left out, as a reduction mutes them. */
  readonly muted: readonly string[] | undefined;
  readonly workload: Pick<Workload, 'deadlines'>;
  readonly time: LiveTime;
  readonly trace: Trace;
  /** Resolves after so many ms, or when the run is over. */
  readonly rest: (forMs: number) => Promise<void>;
}

export class PassingTime {
  readonly #options: PassingTimeOptions;
  readonly #moves: ClockMoves;

  constructor(options: PassingTimeOptions) {
    this.#options = options;
    this.#moves = new ClockMoves(options.seed, options.muted, AWAITED);
  }

  /** Before group `g` begins: now and then until a little before or after a deadline, as the seed decides. */
  async before(g: number): Promise<void> {
    const deadlines = this.#soon();
    if (deadlines.size === 0) return;
    const n = numberOf(g, 0, 0, 0);
    const move = this.#moves.of(n);
    const nowMs = this.#nowMs();
    const toMs = move && destinationOf(move, deadlines, nowMs, AWAITED);
    if (toMs === null) return;
    this.#options.trace.struck.push(muteName(n, 0, 'clock'));
    await this.#options.rest(toMs - nowMs);
  }

  /** Until all has run out that runs out soon. */
  async pastAll(): Promise<void> {
    const last = Math.max(...this.#soon().values());
    if (Number.isFinite(last)) await this.#options.rest(last + AWAITED.leastMs - this.#nowMs());
  }

  #soon(): Deadlines {
    const nowMs = this.#nowMs();
    const deadlines = this.#options.workload.deadlines?.() ?? [];
    return new Map([...deadlines].filter(([, ms]) => ms > nowMs && ms - nowMs <= LONGEST_WAIT_MS));
  }

  /** What the service's clock shows now, as far as that was measured. */
  #nowMs(): number {
    const { time } = this.#options;
    const { least, most } = time.aheadMs;
    return time.databaseMs() + (least + most) / 2;
  }
}
