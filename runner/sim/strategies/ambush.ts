/**
 * Guided by conflicts on one object: a request that is in the middle of its work is held there, now and
 * then, until another request on the same object has come and gone. A race is a thing that happens
 * between two steps of one request, so one long pause at the right place finds what many short ones miss.
 */
import type { Prng } from '../prng.ts';
import type { Candidate, Strategy, StrategyFactory } from './strategy.ts';

/** How often a request with rivals on its object is held after a step. */
const HOLD_RATE = 0.2;
/** How long it is held at most, in picks, when no rival comes to an end. */
const LONGEST_HOLD = 60;

class Ambush implements Strategy {
  readonly #prng: Prng;
  /** Held requests, with the pick at which they are let go. */
  readonly #held = new Map<number, { object: string; until: number }>();
  #picks = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(ready: readonly Candidate[]): number {
    this.#picks++;
    const free: number[] = [];
    for (let i = 0; i < ready.length; i++) if (!this.#isHeld(ready[i] as Candidate)) free.push(i);
    if (free.length === 0) return this.#longestHeld(ready);
    const chosen = free[this.#prng.below(free.length)] as number;
    const candidate = ready[chosen] as Candidate;
    if (free.length === 1 || candidate.object === null || candidate.steps === 0) return chosen;
    if (!this.#prng.chance(HOLD_RATE) || !hasRival(ready, candidate)) return chosen;
    this.#held.set(candidate.number, { object: candidate.object, until: this.#picks + LONGEST_HOLD });
    const others = free.filter((i) => i !== chosen);
    return others[this.#prng.below(others.length)] as number;
  }

  done(candidate: Candidate): void {
    this.#held.delete(candidate.number);
    for (const [number, { object }] of this.#held) {
      if (object === candidate.object) this.#held.delete(number);
    }
  }

  #isHeld({ number }: Candidate): boolean {
    const hold = this.#held.get(number);
    if (!hold) return false;
    if (this.#picks < hold.until) return true;
    this.#held.delete(number);
    return false;
  }

  #longestHeld(ready: readonly Candidate[]): number {
    let best = 0;
    let until = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ready.length; i++) {
      const hold = this.#held.get((ready[i] as Candidate).number);
      if (!hold || hold.until >= until) continue;
      until = hold.until;
      best = i;
    }
    this.#held.delete((ready[best] as Candidate).number);
    return best;
  }
}

function hasRival(ready: readonly Candidate[], candidate: Candidate): boolean {
  return ready.some((other) => other !== candidate && other.object === candidate.object);
}

export const ambush: StrategyFactory = {
  name: 'ambush',
  description: 'holds a request in the middle of its work until another on the same slot has come and gone',
  create: (prng) => new Ambush(prng),
};
