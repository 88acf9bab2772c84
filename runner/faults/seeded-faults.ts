/** What all plans of faults have in common: the stream that they draw from, what is muted, and their end. */
import { FAULT_NAMES, type FaultName } from '../../server/contract/index.ts';
import { Prng } from '../sim/prng.ts';
import type { FaultRates } from './profiles.ts';

export abstract class SeededFaults {
  protected readonly rates: Readonly<Record<FaultName, number>>;
  protected healed = false;
  readonly #seed: number;
  readonly #muted: ReadonlySet<string>;
  readonly #prng: Prng;

  /** `muted`: faults that do not strike, as `<planned operation>.<attempt>.<fault>`. */
  constructor(seed: number, rates: FaultRates, muted: readonly string[] = []) {
    this.#seed = seed;
    this.rates = Object.fromEntries(FAULT_NAMES.map((name) => [name, rates[name] ?? 0])) as Record<
      FaultName,
      number
    >;
    this.#muted = new Set(muted);
    this.#prng = new Prng(seed, 'fault');
  }

  /** From now on nothing strikes. */
  heal(): void {
    this.healed = true;
  }

  /** The stream of this attempt of the `n`th planned operation, the same whatever was drawn before. */
  protected drawsOf(n: number, attempt: number): Prng {
    return this.#prng.reset(this.#seed, 'fault', n, attempt);
  }

  /** The stream of what strikes the city as the `n`th planned operation begins. */
  protected cityDrawsOf(n: number): Prng {
    return this.#prng.reset(this.#seed, 'chaos', n);
  }

  /** The stream of what strikes the statements of this attempt of the `n`th planned operation. */
  protected wireDrawsOf(n: number, attempt: number): Prng {
    return this.#prng.reset(this.#seed, 'wire', n, attempt);
  }

  /** The stream of whether the database refuses connections as the `n`th planned operation begins. */
  protected refusalDrawsOf(n: number): Prng {
    return this.#prng.reset(this.#seed, 'refusal', n);
  }

  protected isMuted(n: number, attempt: number, name: FaultName): boolean {
    return this.#muted.size > 0 && this.#muted.has(muteName(n, attempt, name));
  }
}

/** How a reduction names a fault that is not to strike, or a move of the clock that is not to be made. */
export function muteName(n: number, attempt: number, fault: FaultName | 'clock'): string {
  return `${n}.${attempt}.${fault}`;
}
