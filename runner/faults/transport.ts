/** Faults between a citizen and the service: what strikes each request is drawn from the seed beforehand. */
import { Prng } from '../sim/prng.ts';
import type { FaultRates } from './profiles.ts';

/** What strikes one request. Times in virtual milliseconds; null: nothing. */
export interface TransportFaults {
  /** The service gets the request so much later. */
  delayMs: number | null;
  /** The service gets the request a second time, so much after the first. */
  duplicateAfterMs: number | null;
  /** The service's answer is lost. */
  dropResponse: boolean;
}

const NONE: TransportFaults = { delayMs: null, duplicateAfterMs: null, dropResponse: false };

export class TransportFaultPlan {
  readonly #seed: number;
  readonly #rates: FaultRates;
  readonly #prng: Prng;
  #healed = false;

  constructor(seed: number, rates: FaultRates) {
    this.#seed = seed;
    this.#rates = rates;
    this.#prng = new Prng(seed, 'fault');
  }

  /** From now on nothing strikes. */
  heal(): void {
    this.#healed = true;
  }

  /** What strikes this attempt of the `n`th planned operation; the same whatever happened before. */
  draw(n: number, attempt: number): TransportFaults {
    if (this.#healed) return NONE;
    const prng = this.#prng.reset(this.#seed, 'fault', n, attempt);
    const delayed = prng.chance(this.#rates.delay ?? 0);
    const delayMs = prng.between(2, 40);
    const duplicated = prng.chance(this.#rates['duplicate-request'] ?? 0);
    const duplicateAfterMs = prng.between(0, 15);
    const dropResponse = prng.chance(this.#rates['drop-response'] ?? 0);
    return {
      delayMs: delayed ? delayMs : null,
      duplicateAfterMs: duplicated ? duplicateAfterMs : null,
      dropResponse,
    };
  }
}
