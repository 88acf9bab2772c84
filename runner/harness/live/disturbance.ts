/** Kills of the service in the middle of its work, and the watch over one that does not answer any more. */
import type { FaultRates } from '../../faults/profiles.ts';
import { Prng } from '../../sim/prng.ts';
import type { StartedService } from '../../targets/http/service-process.ts';
import { unanswering } from '../failure.ts';
import type { LiveVerdicts } from './live-verdicts.ts';
import type { Place } from './phases.ts';

/** Kills in a phase that has them: at least and at most, whatever the rate. */
const KILLS = { least: 2, most: 5 } as const;
/** A kill comes up to so many ms after the group that it is tied to. */
const KILL_WITHIN_MS = 6;
/** A service that ends by itself more often than this is not started again. */
const MOST_ENDS = 3;
/** When no request at all was answered for so long, the service is given up. */
const SILENCE_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 250;
/** So long after it was started again a service may be unready, in ms. */
const UNREADY_MS = 2_000;

export interface DisturbanceOptions {
  seed: number;
  rates: FaultRates;
  /** Null: the service is not the run's own. */
  service: StartedService | null;
  verdicts: LiveVerdicts;
  isStopped: () => boolean;
}

export class Disturbance {
  readonly #options: DisturbanceOptions;
  readonly #watch: NodeJS.Timeout;
  #due: number[] = [];
  #down: Promise<void> | null = null;
  #onUp: (() => void)[] = [];
  #healed = false;
  #silentSinceMs = 0;
  /** Kills that met requests under way. */
  killsInWork = 0;
  /** Times that the service was killed or ended by itself. */
  interruptions = 0;
  #backMs = Number.NEGATIVE_INFINITY;

  constructor(options: DisturbanceOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** True when the service is going to be killed now and then. */
  get kills(): boolean {
    return this.#options.service !== null && (this.#options.rates.crash ?? 0) > 0;
  }

  /** True while the service is being started again. */
  get isDown(): boolean {
    return this.#down !== null;
  }

  /** True when an internal error to a request that left at `interruptions` is the doing of a kill, or of its aftermath. */
  explains(interruptions: number): boolean {
    return this.interruptions !== interruptions || this.#options.verdicts.now - this.#backMs < UNREADY_MS;
  }

  onUp(listener: () => void): void {
    this.#onUp.push(listener);
  }

  /** Resolves when the service is there, as far as this run knows. */
  async up(): Promise<void> {
    while (this.#down) await this.#down;
  }

  /** Decides at which groups of a phase the service is killed: from its group `from` on. */
  plan({ phase, number, ends }: Place, from: number): void {
    const { service, rates, seed } = this.#options;
    const rate = rates.crash ?? 0;
    if (!service || !phase.kills || rate === 0) return;
    const prng = new Prng(seed, 'chaos', number, 1);
    const kills = Math.max(KILLS.least, Math.min(KILLS.most, Math.round(rate * 1_000)));
    this.#due = Array.from({ length: kills }, () => from + 1 + prng.below(Math.max(1, ends - from - 1)));
    this.#due.sort((a, b) => a - b);
  }

  /** Kills the service when group `g` is one of those. */
  strikeIfDue(g: number): void {
    const due = this.#due[0];
    if (due === undefined || g < due || this.#down || this.#healed) return;
    this.#due = this.#due.filter((other) => other > g);
    const afterMs = new Prng(this.#options.seed, 'chaos', due, 2).between(0, KILL_WITHIN_MS);
    setTimeout(() => this.#crash(), afterMs);
  }

  /** No kill from now on; resolves when the service is there again. */
  async heal(): Promise<void> {
    this.#healed = true;
    await this.up();
    this.#silentSinceMs = this.#options.verdicts.now;
  }

  close(): void {
    this.#healed = true;
    clearInterval(this.#watch);
  }

  #crash(): void {
    const { service, verdicts } = this.#options;
    if (!service || this.#healed || this.#down || this.#isOver()) return;
    const { inFlight } = verdicts.counters;
    if (inFlight > 0) this.killsInWork++;
    verdicts.strike('crash', null, { signal: 'SIGKILL', requestsUnderWay: inFlight });
    this.#restart(() => service.kill(this.interruptions));
  }

  #restart(before: () => Promise<void>): void {
    const { service, verdicts } = this.#options;
    if (!service) return;
    this.interruptions++;
    const startedMs = verdicts.now;
    this.#down = before()
      .then(() => (this.#isOver() ? undefined : service.start()))
      .then(() => {
        if (!this.#isOver())
          verdicts.note('the service is back', { afterMs: Math.round(verdicts.now - startedMs) });
      })
      .catch((error: unknown) => {
        if (!this.#isOver())
          this.#giveUp(error instanceof Error ? error.message : String(error), 'service-comes-back');
      })
      .finally(() => {
        this.#down = null;
        this.#backMs = verdicts.now;
        this.#silentSinceMs = verdicts.now;
        for (const listener of this.#onUp) listener();
      });
  }

  #isOver(): boolean {
    return this.#options.verdicts.failure !== null || this.#options.isStopped();
  }

  #look(): void {
    const { service, verdicts } = this.#options;
    if (this.#down || this.#isOver()) return;
    if (service && !service.running) {
      verdicts.note('the service ended by itself', { times: service.ends });
      if (service.ends > MOST_ENDS) {
        return this.#giveUp(`The service ended by itself ${service.ends} times.`, 'service-stays-up');
      }
      return this.#restart(async () => undefined);
    }
    const since = Math.max(verdicts.lastAnswerMs, this.#silentSinceMs);
    if (verdicts.lastInvokedMs < since) this.#silentSinceMs = verdicts.now;
    else if (verdicts.now - since > SILENCE_LIMIT_MS) {
      this.#giveUp(
        `The service has answered nothing for ${Math.round(SILENCE_LIMIT_MS / 1_000)} s.`,
        'every-request-is-answered',
      );
    }
  }

  #giveUp(message: string, invariant: string): void {
    const { verdicts } = this.#options;
    const expected = 'a service that answers';
    const eventIndex = verdicts.lastIndex;
    verdicts.fail(unanswering({ invariant, message, actual: message, expected, eventIndex }));
  }
}
