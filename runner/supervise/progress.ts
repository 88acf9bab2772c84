/** Judges by a harness's signs of life whether its run still gets on, and says so when it must be given up. */
import type { RunConfig } from '../../server/contract/index.ts';
import type { Alive } from '../launch/harness-child.ts';

/** A harness that gives no further sign of life for this long hangs in a loop that never turns. */
const SILENCE_LIMIT_SECONDS = 60;
/** A harness that lives, waits for no server, and yet produces nothing for this long is stuck. */
const STALL_LIMIT_SECONDS = 300;
/** A harness whose server has taken nothing of this attempt for this long may as well not have begun it. */
export const UNANSWERED_LIMIT_SECONDS = 30;
/** One that lives says so every second. */
const LIVES_SECONDS = 3;
/** A run with a rate is slow on purpose: it may take the time of this many operations. */
const STALL_LIMIT_OPERATIONS = 10;
/** What a run may take above `durationSeconds`, which only ends its operations: settling, checking, reporting. */
const OVERTIME_SECONDS = 120;

/** Why a harness is given up. */
export interface GivenUp {
  /** `start`: it never gave a sign of life; `silent`: it gives none any more; `stuck`: it lives and gets nowhere. */
  how: 'start' | 'silent' | 'stuck';
  /** True once its history has begun: before that it loads, builds the city, or resets it. */
  hasBegun: boolean;
  /** A sentence. */
  message: string;
}

/** What decides how long a run may take. */
export interface Pace extends Pick<RunConfig, 'durationSeconds' | 'rate'> {
  /** A harness that has given no sign of life by then will not start any more. */
  startLimitSeconds: number;
  /** What of the run is repeated took so long when it was executed first; 0: nothing is repeated. */
  repeatedSeconds: number;
}

/**
 * Time is counted in ticks of this process, so that a machine or a runner that was suspended is not taken for
 * a silence of the harness.
 */
export class Progress {
  readonly #startLimitSeconds: number;
  readonly #durationLimit: { seconds: number; duration: number } | null;
  readonly #stallLimitSeconds: number;
  #totalSeconds = 0;
  #silentSeconds = 0;
  #stalledSeconds = 0;
  #unansweredSeconds = 0;
  #heard = false;
  #answered = false;
  #delivered = false;
  #taken = 0;

  constructor({ durationSeconds, rate, startLimitSeconds, repeatedSeconds }: Pace) {
    this.#startLimitSeconds = startLimitSeconds;
    this.#durationLimit =
      durationSeconds === null
        ? null
        : { seconds: durationSeconds + repeatedSeconds + OVERTIME_SECONDS, duration: durationSeconds };
    this.#stallLimitSeconds = Math.max(
      STALL_LIMIT_SECONDS,
      rate === null ? 0 : STALL_LIMIT_OPERATIONS / rate,
    );
  }

  heard(alive: Alive): void {
    // How long it took to start is no part of how long the run takes.
    if (!this.#heard) this.#totalSeconds = 0;
    this.#heard = true;
    this.#silentSeconds = 0;
    if (alive.taken !== this.#taken || alive.waiting) this.#stalledSeconds = 0;
    this.#taken = alive.taken;
    this.#answered = alive.answered;
    if (alive.answered) this.#unansweredSeconds = 0;
    this.#delivered ||= alive.delivered;
  }

  /** True when the end of the run was acknowledged to the harness. */
  get isDelivered(): boolean {
    return this.#delivered;
  }

  /** True when the harness lives and its server has taken nothing from it for long. */
  get isUnanswered(): boolean {
    return this.#unansweredSeconds >= UNANSWERED_LIMIT_SECONDS;
  }

  /** Says that `seconds` have passed; returns why the harness must be given up, or null. */
  tick(seconds: number): GivenUp | null {
    this.#totalSeconds += seconds;
    this.#silentSeconds += seconds;
    this.#stalledSeconds += seconds;
    if (!this.#heard) return this.#notStarted();
    if (!this.#answered && this.#silentSeconds <= LIVES_SECONDS) this.#unansweredSeconds += seconds;
    if (this.#silentSeconds >= SILENCE_LIMIT_SECONDS) {
      return this.#givenUp(
        'silent',
        `The harness gave no sign of life for ${SILENCE_LIMIT_SECONDS} s: its event loop is blocked.`,
      );
    }
    if (this.#stalledSeconds >= this.#stallLimitSeconds) {
      const after = `after ${this.#taken} events and snapshots`;
      return this.#givenUp('stuck', `The run made no progress for ${this.#stallLimitSeconds} s, ${after}.`);
    }
    if (this.#durationLimit && this.#totalSeconds >= this.#durationLimit.seconds) {
      const { duration } = this.#durationLimit;
      const message = `The run did not end within ${OVERTIME_SECONDS} s after its duration of ${duration} s.`;
      return this.#givenUp('stuck', message);
    }
    return null;
  }

  #notStarted(): GivenUp | null {
    if (this.#totalSeconds < this.#startLimitSeconds) return null;
    const message = `The harness gave no first sign of life within ${this.#startLimitSeconds} s after it was started.`;
    return this.#givenUp('start', message);
  }

  #givenUp(how: GivenUp['how'], message: string): GivenUp {
    return { how, hasBegun: this.#taken > 0, message };
  }
}
