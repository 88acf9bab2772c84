/** Moves of the clock to before or after what is to run out, drawn from the seed for each planned operation. */
import { muteName } from '../faults/seeded-faults.ts';
import { Prng, pickByName } from './prng.ts';

/** The clock is moved while this share of those operations is under way, and before the others take a step. */
const MEANWHILE_SHARE = 0.5;
/** An operation is under way for about so long, in virtual ms. */
const MOST_MEANWHILE_MS = 3;
/** The clock is moved to before what runs out in this share. */
const BEFORE_SHARE = 0.3;

export interface ClockMoveTerms {
  /** This share of the operations has the clock moved, where something is to run out. */
  readonly share: number;
  /** The clock stays so far away from every deadline: about it, a service may be a little early or late. In ms. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Of a clock that is moved. */
export const MOVED: ClockMoveTerms = { share: 0.12, leastMs: 1_000, mostMs: 5_000 };
/** Of one that goes on by itself, and whose hands are waited for. */
export const AWAITED: ClockMoveTerms = { share: 0.05, leastMs: 60, mostMs: 300 };

/** A move that is to be made. */
export interface ClockMove {
  /** The planned operation that it goes with. */
  readonly n: number;
  /** So long after its operation begins, in virtual ms. */
  readonly afterMs: number;
  /** Which of the deadlines: 32 bits, for the pick by name. */
  readonly salt: number;
  readonly isBefore: boolean;
  readonly distanceMs: number;
}

export class ClockMoves {
  readonly #seed: number;
  readonly #muted: ReadonlySet<string>;
  readonly #terms: ClockMoveTerms;
  readonly #prng: Prng;

  /** `muted`: moves that are not made, as `<planned operation>.0.clock`. */
  constructor(seed: number, muted: readonly string[] = [], terms = MOVED) {
    this.#seed = seed;
    this.#muted = new Set(muted);
    this.#terms = terms;
    this.#prng = new Prng(seed, 'clock');
  }

  /** The move that goes with the `n`th planned operation, whatever was drawn before; null: there is none. */
  of(n: number): ClockMove | null {
    const prng = this.#prng.reset(this.#seed, 'clock', n);
    if (!prng.chance(this.#terms.share) || this.#muted.has(muteName(n, 0, 'clock'))) return null;
    return {
      n,
      afterMs: prng.chance(MEANWHILE_SHARE) ? prng.between(0, MOST_MEANWHILE_MS) : 0,
      salt: prng.uint32(),
      isBefore: prng.chance(BEFORE_SHARE),
      distanceMs: Math.round(prng.between(this.#terms.leastMs, this.#terms.mostMs)),
    };
  }
}

/** What runs out when, in ms since 1970. */
export type Deadlines = ReadonlyMap<string, number>;

/** Where `move` takes the clock to, all in ms since 1970; null where that is no later than it is, at `nowMs`. */
export function destinationOf(
  { salt, isBefore, distanceMs }: ClockMove,
  deadlines: Deadlines,
  nowMs: number,
  { leastMs } = MOVED,
): number | null {
  const later = [...deadlines].filter(([, deadline]) => deadline > nowMs).sort(([, a], [, b]) => a - b);
  if (later.length === 0) return null;
  const [, chosen] = pickByName(later, ([name]) => name, salt);
  let toMs = Math.ceil(chosen) + (isBefore ? -distanceMs : distanceMs);
  for (const [, deadline] of later) {
    if (Math.abs(deadline - toMs) < leastMs) toMs = Math.ceil(deadline) + leastMs;
  }
  return toMs > nowMs ? toMs : null;
}
