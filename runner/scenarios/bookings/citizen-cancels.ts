/**
 * Cancels that name the citizen and the slot: they may end a booking that is acknowledged only later, so what is
 * certain of a booking depends on them.
 */
import type { BookCall } from './calls.ts';

interface Cancels {
  /** Under way, or lost: they may take effect at any instant. */
  open: number;
  /** Index of the event that ended the last one; -1: none ended. */
  lastEnded: number;
}

export class CitizenCancels {
  readonly #byWho = new Map<string, Cancels>();

  begun(slot: string, citizen: string): void {
    this.#of(slot, citizen).open++;
  }

  ended(slot: string, citizen: string, index: number): void {
    const cancels = this.#of(slot, citizen);
    cancels.open--;
    cancels.lastEnded = index;
  }

  /** True when a cancel may have ended the booking that this request made before it was acknowledged. */
  mayHaveEnded({ slot, citizen }: BookCall, invokedIndex: number, mayBeRepeat: boolean): boolean {
    const cancels = this.#byWho.get(nameOf(slot, citizen));
    if (!cancels) return false;
    // The first request of a key may be older than any cancel.
    return cancels.open > 0 || (mayBeRepeat ? cancels.lastEnded >= 0 : cancels.lastEnded > invokedIndex);
  }

  #of(slot: string, citizen: string): Cancels {
    const name = nameOf(slot, citizen);
    const known = this.#byWho.get(name);
    if (known) return known;
    const cancels = { open: 0, lastEnded: -1 };
    this.#byWho.set(name, cancels);
    return cancels;
  }
}

function nameOf(slot: string, citizen: string): string {
  return JSON.stringify([slot, citizen]);
}
