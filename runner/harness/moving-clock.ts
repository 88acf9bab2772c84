/** Moves the clock of the service and of its database: a step of the schedule, like any of a request. */
import { CLOCK_EVENT, type ClockMoveData } from '../../server/contract/index.ts';
import { muteName } from '../faults/seeded-faults.ts';
import type { Workload } from '../scenarios/workload.ts';
import type { CityClock } from '../sim/clock.ts';
import { type ClockMove, ClockMoves, destinationOf } from '../sim/clock-moves.ts';
import type { Target } from '../targets/target.ts';
import type { Trace } from './trace.ts';

export interface MovingClockOptions {
  readonly seed: number;
  /** Moves that are not made, as a reduction mutes them. */
  readonly muted: readonly string[] | undefined;
  readonly workload: Workload;
  readonly target: Target;
  readonly clock: CityClock;
  readonly trace: Trace | null;
  /** `run` is called after so many virtual milliseconds. */
  readonly after: (delayMs: number, run: () => void) => void;
  readonly record: (type: string, move: ClockMoveData) => void;
}

export class MovingClock {
  readonly #options: MovingClockOptions;
  readonly #moves: ClockMoves;
  #due: ClockMove | null = null;

  private constructor(options: MovingClockOptions) {
    this.#options = options;
    this.#moves = new ClockMoves(options.seed, options.muted);
  }

  /** Null where nothing ever runs out, or the target's clock cannot be moved. */
  static of(options: MovingClockOptions): MovingClock | null {
    return options.workload.deadlines && options.target.moveClock ? new MovingClock(options) : null;
  }

  /** The `n`th planned operation begins. */
  began(n: number): void {
    const move = this.#moves.of(n);
    if (move === null) return;
    const isDue = () => {
      this.#due = move;
    };
    if (move.afterMs === 0) isDue();
    else this.#options.after(move.afterMs, isDue);
  }

  /** True when it is to be moved before anybody takes another step. */
  get isDue(): boolean {
    return this.#due !== null;
  }

  /** Moves it, if what is to run out by now leaves somewhere to go. */
  move(): void | Promise<void> {
    const { workload, target, clock, trace, record } = this.#options;
    const move = this.#due;
    this.#due = null;
    const beforeMs = clock.databaseMs();
    const nowMs = move && destinationOf(move, workload.deadlines?.() ?? new Map(), beforeMs);
    if (!move || nowMs === null) return;
    trace?.struck.push(muteName(move.n, 0, 'clock'));
    record(CLOCK_EVENT, { byMs: nowMs - beforeMs, nowMs });
    return target.moveClock?.(nowMs);
  }
}
