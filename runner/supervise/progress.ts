/** Judges by a harness's signs of life whether its run still gets on, and says so when it must be given up. */
import type { RunConfig } from '../../server/contract/index.ts';
import type { Alive } from '../launch/harness-child.ts';

/** A harness that gives no sign of life for this long hangs in a loop that never turns. */
const SILENCE_LIMIT_SECONDS = 60;
/** A harness that lives, waits for no server, and yet produces nothing for this long is stuck. */
const STALL_LIMIT_SECONDS = 300;
/** A run with a rate is slow on purpose: it may take the time of this many operations. */
const STALL_LIMIT_OPERATIONS = 10;
/** What a run may take above `durationSeconds`, which only ends its operations: settling, checking, reporting. */
const OVERTIME_SECONDS = 120;

/**
 * Time is counted in ticks of this process, so that a machine or a runner that was suspended is not taken for
 * a silence of the harness.
 */
export class Progress {
  readonly #durationLimit: { seconds: number; duration: number } | null;
  readonly #stallLimitSeconds: number;
  #totalSeconds = 0;
  #silentSeconds = 0;
  #stalledSeconds = 0;
  #taken = 0;

  constructor({ durationSeconds, rate }: Pick<RunConfig, 'durationSeconds' | 'rate'>) {
    this.#durationLimit =
      durationSeconds === null
        ? null
        : { seconds: durationSeconds + OVERTIME_SECONDS, duration: durationSeconds };
    this.#stallLimitSeconds = Math.max(
      STALL_LIMIT_SECONDS,
      rate === null ? 0 : STALL_LIMIT_OPERATIONS / rate,
    );
  }

  heard(alive: Alive): void {
    this.#silentSeconds = 0;
    if (alive.taken !== this.#taken || alive.waiting) this.#stalledSeconds = 0;
    this.#taken = alive.taken;
  }

  /** Says that `seconds` have passed; returns why the harness must be given up, as a sentence, or null. */
  tick(seconds: number): string | null {
    this.#totalSeconds += seconds;
    this.#silentSeconds += seconds;
    this.#stalledSeconds += seconds;
    if (this.#silentSeconds >= SILENCE_LIMIT_SECONDS) {
      return `The harness gave no sign of life for ${SILENCE_LIMIT_SECONDS} s: its event loop is blocked, by an endless loop in the code under test for one.`;
    }
    if (this.#stalledSeconds >= this.#stallLimitSeconds) {
      return `The run made no progress for ${this.#stallLimitSeconds} s, after ${this.#taken} events and snapshots.`;
    }
    if (this.#durationLimit && this.#totalSeconds >= this.#durationLimit.seconds) {
      return `The run did not end within ${OVERTIME_SECONDS} s after its duration of ${this.#durationLimit.duration} s.`;
    }
    return null;
  }
}
