/**
 * What becomes of messages of ours to the service (webhooks) beyond what becomes of any request: like real providers we
 * send one late, send it again although it was answered, and give one up for good. The faults of its first sending say
 * whether; how is drawn here, for each planned operation by itself.
 */
import { Prng } from '../sim/prng.ts';
import type { RequestFaults } from './injector.ts';

/** Sent so many times, at most, before the faults are healed. */
export const MOST_SENDINGS = 20;
/** Of the messages whose first sending is lost, this share is given up. */
const LOST_SHARE = 0.3;
/** Of those that are sent twice, this share is sent again only after it was answered. */
const AGAIN_SHARE = 0.6;
/** A late message comes so many times later than a late request. */
const LATER = 8;

export interface DeliveryFaults {
  /** With these faults it is sent for the first time. */
  readonly first: RequestFaults;
  /** It never reaches the service. */
  readonly isLost: boolean;
  /** So many virtual ms after it was answered it is sent again; null: it is not. */
  readonly againAfterMs: number | null;
}

export class DeliveryInjector {
  readonly #seed: number;
  readonly #prng: Prng;

  constructor(seed: number) {
    this.#seed = seed;
    this.#prng = new Prng(seed, 'delivery');
  }

  /** Of the message that is the `n`th planned operation; `drawn` is what would strike a request in its place. */
  of(n: number, drawn: RequestFaults): DeliveryFaults {
    const prng = this.#prng.reset(this.#seed, 'delivery', n);
    const isLost = prng.chance(LOST_SHARE);
    const isAgain = prng.chance(AGAIN_SHARE);
    const { dropRequest, duplicateAfterMs, delayMs } = drawn;
    const again = isAgain && duplicateAfterMs !== null ? duplicateAfterMs : null;
    return {
      first: {
        ...drawn,
        delayMs: delayMs === null ? null : delayMs * LATER,
        duplicateAfterMs: again === null ? duplicateAfterMs : null,
      },
      isLost: isLost && dropRequest,
      againAfterMs: again === null ? null : again * LATER,
    };
  }
}
