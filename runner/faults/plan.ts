/**
 * Which faults strike: drawn from the seed for each planned operation and attempt, whatever happened
 * before, so that leaving out an operation or muting a fault moves no other fault.
 */
import type { FaultName } from '../../server/contract/index.ts';
import { Prng } from '../sim/prng.ts';
import type { FaultRates } from './profiles.ts';

/** What strikes one request on its way. Times in virtual milliseconds; null: nothing. */
export interface RequestFaults {
  /** The request never reaches the service. */
  readonly dropRequest: boolean;
  /** The service's answer is lost. */
  readonly dropResponse: boolean;
  /** The service gets the request so much later. */
  readonly delayMs: number | null;
  /** The service gets the request a second time, so much after the first. */
  readonly duplicateAfterMs: number | null;
  /** The answer comes so much later, so that others overtake it. */
  readonly reorderMs: number | null;
  /** The first transaction of the request fails at its end, as if others had been in its way. */
  readonly serializationFailure: boolean;
}

/** What strikes the city as an operation begins. */
export interface CityFaults {
  /** So many citizens at once go for the operation's slot. */
  readonly burst: number | null;
  /** The service loses all its connections and is away for so long. */
  readonly crashForMs: number | null;
  /** For so long the service has one connection only. */
  readonly poolExhaustedForMs: number | null;
  /** The service's clock is set wrong by so much from now on; 0: it is put right. */
  readonly clockSkewMs: number | null;
}

export class FaultPlan {
  readonly #seed: number;
  readonly #rates: FaultRates;
  readonly #muted: ReadonlySet<string>;
  readonly #prng: Prng;
  #healed = false;

  /** `muted`: faults that do not strike, as `<planned operation>.<attempt>.<fault>`. */
  constructor(seed: number, rates: FaultRates, muted: readonly string[] = []) {
    this.#seed = seed;
    this.#rates = rates;
    this.#muted = new Set(muted);
    this.#prng = new Prng(seed, 'fault');
  }

  /** From now on nothing strikes. */
  heal(): void {
    this.#healed = true;
  }

  /** What strikes this attempt (from 0) of the `n`th planned operation. */
  request(n: number, attempt: number): RequestFaults {
    const prng = this.#prng.reset(this.#seed, 'fault', n, attempt);
    // Every draw is made, whatever the rates, so that no rate changes what another fault does.
    const strikes = (name: FaultName) => this.#strikes(prng, name, n, attempt);
    const delayed = strikes('delay');
    const delayMs = prng.between(2, 40);
    const duplicated = strikes('duplicate-request');
    const duplicateAfterMs = prng.between(0, 15);
    const dropResponse = strikes('drop-response');
    const dropRequest = strikes('drop-request');
    const reordered = strikes('reorder');
    const reorderMs = prng.between(1, 25);
    const serializationFailure = strikes('serialization-failure');
    return {
      dropRequest,
      dropResponse,
      delayMs: delayed ? delayMs : null,
      duplicateAfterMs: duplicated ? duplicateAfterMs : null,
      reorderMs: reordered ? reorderMs : null,
      serializationFailure,
    };
  }

  /** What strikes the city as the `n`th planned operation begins. */
  city(n: number): CityFaults {
    const prng = this.#prng.reset(this.#seed, 'chaos', n);
    const strikes = (name: FaultName) => this.#strikes(prng, name, n, 0);
    const burst = strikes('burst');
    const citizens = 6 + prng.below(15);
    const crash = strikes('crash');
    const crashForMs = prng.between(1, 30);
    const exhausted = strikes('pool-exhaustion');
    const exhaustedForMs = prng.between(10, 80);
    const skewed = strikes('clock-skew');
    const skewMs = Math.round(prng.between(-3_600_000, 3_600_000));
    const right = prng.chance(0.3);
    return {
      burst: burst ? citizens : null,
      crashForMs: crash ? crashForMs : null,
      poolExhaustedForMs: exhausted ? exhaustedForMs : null,
      clockSkewMs: skewed ? (right ? 0 : skewMs) : null,
    };
  }

  #strikes(prng: Prng, name: FaultName, n: number, attempt: number): boolean {
    const struck = prng.chance(this.#rates[name] ?? 0);
    return struck && !this.#healed && !(this.#muted.size > 0 && this.#muted.has(muteName(n, attempt, name)));
  }
}

/** How a reduction names a fault that is not to strike. */
export function muteName(n: number, attempt: number, fault: FaultName): string {
  return `${n}.${attempt}.${fault}`;
}
