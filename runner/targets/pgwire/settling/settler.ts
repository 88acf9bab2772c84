/**
 * A step ends when the service has settled: nothing of it goes on by itself any more. How that is told is `sleep`,
 * `count` or `silence`; what does not seem to go on gets a second look, and time where it can sleep on a timer of its own.
 */
import { CountWay } from './count.ts';
import { SilenceWay } from './silence.ts';
import type { ServiceSleep } from './sleep.ts';
import { SleepWay } from './sleep-way.ts';
import type { Standing, Way } from './standing.ts';
import { SettleTally } from './tally.ts';
import type { Traffic } from './traffic.ts';

export type Settle = 'sleep' | 'count' | 'silence';

export interface SettlerOptions {
  readonly settle: Settle;
  readonly traffic: Traffic;
  /** Null: the threads of the service cannot be seen. */
  readonly sleep: ServiceSleep | null;
  /** Of the gate and of the service. */
  readonly ports: readonly number[];
  /** Goes on with it. */
  readonly tally?: SettleTally | undefined;
}

const SECOND_LOOK_MS = 2;
const SECOND_LOOKS = 3;
/** How long a timer of the service's own is waited for, in ms, before so many waits in a row were in vain, and after. */
const AWAY_MS = 250;
const AWAY_MISSES = 3;
const AWAY_BRIEFLY_MS = 2;
/** When nothing at all can go on. */
const STUCK_MS = 5_000;

export class Settler {
  readonly tally: SettleTally;
  readonly #traffic: Traffic;
  readonly #sure: Way;
  readonly #way: Way;
  readonly #careful: Way;
  readonly #count: CountWay | null;
  #misses = 0;

  constructor({ settle, traffic, sleep, ports, tally = new SettleTally() }: SettlerOptions) {
    this.tally = tally;
    this.#traffic = traffic;
    const isSeen = sleep !== null && settle !== 'silence';
    this.#sure = isSeen
      ? new SleepWay({ traffic, sleep, ports: null, tally: this.tally })
      : new SilenceWay(traffic, this.tally);
    this.#careful = isSeen ? new SleepWay({ traffic, sleep, ports, tally: this.tally }) : this.#sure;
    this.#count = settle === 'count' ? new CountWay(traffic, this.#sure, this.tally) : null;
    this.#way = this.#count ?? this.#sure;
  }

  /** Resolves when the service has settled after a request was moved. */
  async settle(standing: Standing, way: Way = this.#way): Promise<void> {
    await way.rest(standing);
    standing.absorb();
    await this.#lookAgain(standing);
    await this.#waitForTimers(standing);
    await this.#waitForAnything(standing);
  }

  /** Two statements of one request were seen at once: counting would be wrong, and is left for good. */
  leaveCounting(): void {
    if (this.#count) this.#count.isLeft = true;
  }

  /** Likewise for what nobody counts: the warm-up, a look at the whole city. */
  async rest(standing: Standing): Promise<void> {
    await this.settle(standing, this.#sure);
  }

  /** What was moved and did not go on: under load the kernel may not have handed it on yet. */
  async #lookAgain(standing: Standing): Promise<void> {
    if (standing.hasMoved()) return;
    const seen = this.#traffic.activity;
    for (let i = 0; i < SECOND_LOOKS && this.#traffic.activity === seen; i++) {
      await this.#traffic.news(SECOND_LOOK_MS);
      await this.#careful.rest(standing);
    }
    if (this.#traffic.activity === seen) return;
    await this.#careful.rest(standing);
    standing.absorb();
  }

  /** There is room in the pool, and still it is not to be seen: it may sleep on a timer of its own. */
  async #waitForTimers(standing: Standing): Promise<void> {
    while (!standing.hasMoved() && standing.isSomeoneAway()) {
      const isPatient = this.#misses < AWAY_MISSES;
      if (!(await this.#came(isPatient ? AWAY_MS : AWAY_BRIEFLY_MS, standing))) {
        this.#misses++;
        return;
      }
      this.#misses = 0;
      if (standing.areRefused()) return;
    }
  }

  async #waitForAnything(standing: Standing): Promise<void> {
    while (standing.isUnderWay() && !standing.canGoOn()) {
      await standing.unstick();
      if (standing.canGoOn()) return;
      if (!(await this.#came(STUCK_MS, standing)) || standing.areRefused()) return;
    }
  }

  /** True when something came in time, and the service has settled after it. */
  async #came(limitMs: number, standing: Standing): Promise<boolean> {
    const seen = this.#traffic.activity;
    const untilMs = performance.now() + limitMs;
    while (this.#traffic.activity === seen) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return false;
      await this.#traffic.news(Math.max(1, leftMs));
    }
    await this.#careful.rest(standing);
    standing.absorb();
    return true;
  }
}
