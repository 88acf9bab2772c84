/** Faults on the wire: what strikes each request to a service is drawn from the seed beforehand. */
import type { FaultName } from '../../../server/contract/index.ts';
import { SeededFaults } from '../../faults/seeded-faults.ts';
import type { Cut } from './wire.ts';

/** What strikes one request; null or false: nothing. Times in milliseconds. */
export interface WireFaults {
  /** The connection is cut here, so that the citizen gets no answer. */
  cut: Cut | null;
  /** Where exactly: for `request` the share of it that is sent, for `sent` the ms until the cut. */
  cutAt: number;
  /** The request leaves so much later. */
  delayMs: number | null;
  /** The body leaves so much after the head. */
  splitMs: number | null;
  /** The share of the body that leaves with the head then. */
  splitAt: number;
  /** The request leaves after one or more that were begun later. */
  overtakenBy: number | null;
  /** The request is sent on a second connection too, so much after the first. */
  duplicateAfterMs: number | null;
}

export const NO_FAULTS: WireFaults = {
  cut: null,
  cutAt: 0,
  delayMs: null,
  splitMs: null,
  splitAt: 0,
  overtakenBy: null,
  duplicateAfterMs: null,
};

const CUTS: readonly Cut[] = ['sent', 'sent', 'sent', 'head', 'half'];
/** However hard a phase is, this share of the requests is left alone. */
const MOST = 0.6;

export class WireFaultInjector extends SeededFaults {
  /**
   * What strikes this attempt of operation `n` of the plan, the same whatever happened before.
   * `intensity` is the phase's: it multiplies the run's rates.
   */
  draw(n: number, attempt: number, intensity: number): WireFaults {
    if (this.healed) return NO_FAULTS;
    const prng = this.drawsOf(n, attempt);
    const rate = (name: FaultName) => Math.min(MOST, this.rates[name] * intensity);
    const dropRequest = prng.chance(rate('drop-request'));
    const dropResponse = prng.chance(rate('drop-response'));
    const share = prng.between(0.05, 0.99);
    const cut = prng.pick(CUTS);
    // Most cuts come while the service works on the request; some when it is long through with it.
    const cutAfterMs = prng.chance(0.5) ? 0 : prng.between(0, 8);
    const delayed = prng.chance(rate('delay'));
    const delayMs = prng.between(1, 30);
    const isSplit = prng.chance(0.3);
    const splitAt = prng.chance(0.5) ? 0 : prng.between(0.1, 0.9);
    const duplicated = prng.chance(rate('duplicate-request'));
    const isTogether = prng.chance(0.5);
    const duplicateAfterMs = prng.between(0, 10);
    const reordered = prng.chance(rate('reorder'));
    const overtakenBy = 1 + prng.below(4);
    const strikes = (isDrawn: boolean, name: FaultName) => isDrawn && !this.isMuted(n, attempt, name);
    const isCut = strikes(dropRequest || dropResponse, dropRequest ? 'drop-request' : 'drop-response');
    const isLate = strikes(delayed, 'delay');
    return {
      cut: isCut ? (dropRequest ? 'request' : cut) : null,
      cutAt: dropRequest ? share : cutAfterMs,
      delayMs: isLate && !isSplit ? delayMs : null,
      splitMs: isLate && isSplit ? delayMs : null,
      splitAt,
      overtakenBy: strikes(reordered, 'reorder') ? overtakenBy : null,
      duplicateAfterMs: strikes(duplicated, 'duplicate-request') ? (isTogether ? 0 : duplicateAfterMs) : null,
    };
  }

  /** The citizen hangs up so long after the request is sent: unless answers are never lost in this run. */
  hangUp(n: number, attempt: number, drawn: WireFaults, afterMs: number): WireFaults {
    if (this.healed || !this.rates['drop-response'] || drawn.cut !== null) return drawn;
    return this.isMuted(n, attempt, 'drop-response') ? drawn : { ...drawn, cut: 'sent', cutAt: afterMs };
  }
}
