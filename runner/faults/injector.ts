/**
 * Which faults strike: drawn from the seed for each planned operation and attempt, whatever happened
 * before, so that leaving out an operation or muting a fault moves no other fault.
 */
import type { FaultName } from '../../server/contract/index.ts';
import type { WireFaultName, WireStrike } from '../targets/target.ts';
import type { FaultRates } from './profiles.ts';
import { SeededFaults } from './seeded-faults.ts';

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
  /** What strikes one of its statements, where they go over a wire of ours. */
  readonly wire: WireStrike | null;
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
  /** For so long the database refuses new connections. */
  readonly refusedForMs: number | null;
}

const NO_REQUEST_FAULTS: RequestFaults = {
  dropRequest: false,
  dropResponse: false,
  delayMs: null,
  duplicateAfterMs: null,
  reorderMs: null,
  serializationFailure: false,
  wire: null,
};
const NO_CITY_FAULTS: CityFaults = {
  burst: null,
  crashForMs: null,
  poolExhaustedForMs: null,
  clockSkewMs: null,
  refusedForMs: null,
};

/** This share of the duplicates comes late, when what the request did may have been undone since. */
const LATE_DUPLICATE_SHARE = 0.4;

/** In the order in which they are drawn; the first that strikes a request is the only one. */
const WIRE_FAULTS = ['backend-kill', 'lost-commit', 'deadlock', 'slow-statement'] as const;
/** This share of the conflicts shows at the end of the transaction. */
const AT_COMMIT_SHARE = 0.5;

export class FaultInjector extends SeededFaults {
  /** The service's statements go over a wire of ours, where they can be struck. */
  readonly #isOnWire: boolean;

  constructor(seed: number, rates: FaultRates, muted: readonly string[] = [], isOnWire = false) {
    super(seed, rates, muted);
    this.#isOnWire = isOnWire;
  }

  /** What strikes this attempt (from 0) of the `n`th planned operation. */
  request(n: number, attempt: number): RequestFaults {
    if (this.healed) return NO_REQUEST_FAULTS;
    const faults = this.#onTheWay(n, attempt);
    if (!this.#isOnWire) return faults;
    const wire = this.#wire(n, attempt, faults.serializationFailure);
    return { ...faults, serializationFailure: false, wire };
  }

  /** Draws from a stream of its own, so that it moves nothing else. */
  #wire(n: number, attempt: number, isConflict: boolean): WireStrike | null {
    const prng = this.wireDrawsOf(n, attempt);
    const at = prng.float();
    const atCommit = prng.chance(AT_COMMIT_SHARE);
    let name: WireFaultName | null = null;
    for (const each of WIRE_FAULTS) {
      const drawn = prng.chance(this.rates[each]);
      if (drawn && !this.isMuted(n, attempt, each)) name ??= each;
    }
    if (isConflict) name ??= 'serialization-failure';
    return name === null ? null : { name, at, atCommit };
  }

  #onTheWay(n: number, attempt: number): RequestFaults {
    const rates = this.rates;
    const prng = this.drawsOf(n, attempt);
    // Every draw is made, whatever the rates, so that no rate changes what another fault does.
    const delayed = prng.chance(rates.delay);
    const delayMs = prng.between(2, 40);
    const duplicated = prng.chance(rates['duplicate-request']);
    const duplicateAfterMs = prng.between(0, 15);
    const dropResponse = prng.chance(rates['drop-response']);
    const dropRequest = prng.chance(rates['drop-request']);
    const reordered = prng.chance(rates.reorder);
    const reorderMs = prng.between(1, 25);
    const serializationFailure = prng.chance(rates['serialization-failure']);
    if (!(delayed || duplicated || dropResponse || dropRequest || reordered || serializationFailure))
      return NO_REQUEST_FAULTS;
    const late = prng.chance(LATE_DUPLICATE_SHARE);
    const lateMs = prng.between(15, 120);
    const strikes = (drawn: boolean, name: FaultName) => drawn && !this.isMuted(n, attempt, name);
    return {
      dropRequest: strikes(dropRequest, 'drop-request'),
      dropResponse: strikes(dropResponse, 'drop-response'),
      delayMs: strikes(delayed, 'delay') ? delayMs : null,
      duplicateAfterMs: strikes(duplicated, 'duplicate-request') ? (late ? lateMs : duplicateAfterMs) : null,
      reorderMs: strikes(reordered, 'reorder') ? reorderMs : null,
      serializationFailure: strikes(serializationFailure, 'serialization-failure'),
      wire: null,
    };
  }

  /** What strikes the city as the `n`th planned operation begins. */
  city(n: number): CityFaults {
    if (this.healed) return NO_CITY_FAULTS;
    const faults = this.#cityAsEver(n);
    const refusedForMs = this.#isOnWire ? this.#refusal(n) : null;
    return refusedForMs === null ? faults : { ...faults, refusedForMs };
  }

  #refusal(n: number): number | null {
    const prng = this.refusalDrawsOf(n);
    const refused = prng.chance(this.rates['connection-refused']);
    const forMs = prng.between(5, 60);
    return refused && !this.isMuted(n, 0, 'connection-refused') ? forMs : null;
  }

  #cityAsEver(n: number): CityFaults {
    const rates = this.rates;
    const prng = this.cityDrawsOf(n);
    const burst = prng.chance(rates.burst);
    const citizens = 6 + prng.below(15);
    const crash = prng.chance(rates.crash);
    const crashForMs = prng.between(1, 30);
    const exhausted = prng.chance(rates['pool-exhaustion']);
    const exhaustedForMs = prng.between(10, 80);
    const skewed = prng.chance(rates['clock-skew']);
    if (!(burst || crash || exhausted || skewed)) return NO_CITY_FAULTS;
    const skewMs = Math.round(prng.between(-3_600_000, 3_600_000));
    const right = prng.chance(0.3);
    const strikes = (drawn: boolean, name: FaultName) => drawn && !this.isMuted(n, 0, name);
    return {
      burst: strikes(burst, 'burst') ? citizens : null,
      crashForMs: strikes(crash, 'crash') ? crashForMs : null,
      poolExhaustedForMs: strikes(exhausted, 'pool-exhaustion') ? exhaustedForMs : null,
      clockSkewMs: strikes(skewed, 'clock-skew') ? (right ? 0 : skewMs) : null,
      refusedForMs: null,
    };
  }
}
