/**
 * What the citizens know for certain: which bookings were acknowledged, by whom, and which of them may
 * be gone. The named invariants and the metrics are read off it.
 */

export interface KnownBooking {
  readonly id: string;
  readonly slot: string;
  readonly citizen: string;
  readonly key: string;
  /** Index of the event that acknowledged it. */
  readonly acknowledgedIndex: number;
  /** How many cancels of it were ever begun; 0: it is certainly active. */
  cancelsBegun: number;
  /** Position in the list that citizens choose from. */
  position: number;
}

/** Cancelled bookings whose ids are remembered. */
const REMEMBERED = 4096;
/** Cancelled bookings that a citizen may try to cancel again. */
const LATELY = 16;

export class Ledger {
  readonly #byId = new Map<string, KnownBooking>();
  readonly #bySlot = new Map<string, Map<string, KnownBooking>>();
  readonly #list: KnownBooking[] = [];
  /** Bookings whose cancellation was acknowledged, oldest first. */
  readonly #cancelled = new Map<string, KnownBooking>();
  /** The newest of them in a ring, to choose from. */
  readonly #lately: KnownBooking[] = [];
  #removals = 0;

  constructor(slots: readonly string[]) {
    for (const slot of slots) this.#bySlot.set(slot, new Map());
  }

  /** Acknowledged bookings that no acknowledged cancel has ended. */
  get active(): number {
    return this.#list.length;
  }

  get(id: string): KnownBooking | undefined {
    return this.#byId.get(id);
  }

  inSlot(slot: string): ReadonlyMap<string, KnownBooking> {
    return this.#bySlot.get(slot) ?? new Map();
  }

  at(position: number): KnownBooking | undefined {
    return this.#list[position];
  }

  add(booking: Omit<KnownBooking, 'position' | 'cancelsBegun'>): void {
    const known: KnownBooking = { ...booking, cancelsBegun: 0, position: this.#list.length };
    this.#byId.set(known.id, known);
    this.#bySlot.get(known.slot)?.set(known.id, known);
    this.#list.push(known);
  }

  /** An acknowledged cancel ends the booking. Its id is remembered among the newest few thousand. */
  remove(id: string): void {
    const known = this.#byId.get(id);
    if (!known) return;
    this.#byId.delete(id);
    this.#bySlot.get(known.slot)?.delete(id);
    const last = this.#list.pop() as KnownBooking;
    if (last !== known) {
      this.#list[known.position] = last;
      last.position = known.position;
    }
    this.#cancelled.set(id, known);
    if (this.#cancelled.size > REMEMBERED)
      this.#cancelled.delete(this.#cancelled.keys().next().value as string);
    this.#lately[this.#removals++ % LATELY] = known;
  }

  /** The booking with this id, when its cancellation was acknowledged lately. */
  cancelled(id: string): KnownBooking | undefined {
    return this.#cancelled.get(id);
  }

  /** One of the few bookings whose cancellation was acknowledged last; `draw` is from 0 to 1. */
  lately(draw: number): KnownBooking | undefined {
    return this.#lately[Math.floor(draw * this.#lately.length)];
  }
}
