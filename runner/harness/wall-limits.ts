/**
 * What wall time decides of a run: when its operations end, and how fast they come. While an attempt repeats what is
 * stored, wall time decides nothing: what it decided before is done again, and counts as spent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Repeat, RunConfig } from '../../server/contract/index.ts';
import { rounded } from './rounded.ts';

const LONGEST_SLEEP_MS = 50;

export class WallLimits {
  readonly #durationSeconds: number | null;
  readonly #rate: number | null;
  readonly #repeat: Repeat | null;
  /** When time began to count, and what was planned then; null while the stored prefix is repeated. */
  #counted: { since: bigint; planned: number } | null;

  constructor({ durationSeconds, rate }: Pick<RunConfig, 'durationSeconds' | 'rate'>, repeat: Repeat | null) {
    this.#durationSeconds = durationSeconds;
    this.#rate = rate;
    this.#repeat = repeat;
    this.#counted = repeat === null ? { since: process.hrtime.bigint(), planned: 0 } : null;
  }

  /** Told before each step: the index of the next event, and how many operations were begun. */
  at(next: number, planned: number): void {
    if (this.#counted !== null || next < (this.#repeat?.below ?? 0)) return;
    this.#counted = { since: process.hrtime.bigint(), planned };
  }

  /** True when no further operation may begin; `virtualMs` is the run's own time. */
  isTimeUp(virtualMs: number): boolean {
    if (this.#durationSeconds === null) return false;
    // The lost attempt healed its faults at that instant, because its time was up or its plan through.
    if (this.#counted === null) return rounded(virtualMs) === this.#repeat?.healedMs;
    return (this.#repeat?.elapsedSeconds ?? 0) + secondsSince(this.#counted.since) >= this.#durationSeconds;
  }

  /** Waits until the rate allows for this many operations, or `isStopped`. Decides nothing. */
  async pace(planned: number, isStopped: () => boolean): Promise<void> {
    if (this.#rate === null) return;
    while (this.#counted !== null && !isStopped()) {
      const { since, planned: before } = this.#counted;
      const aheadMs = ((planned - before) / this.#rate - secondsSince(since)) * 1_000;
      if (aheadMs < 1) return;
      await sleep(Math.min(aheadMs, LONGEST_SLEEP_MS));
    }
  }
}

function secondsSince(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1e9;
}
