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

export class Ledger {
  readonly #byId = new Map<string, KnownBooking>();
  readonly #bySlot = new Map<string, Map<string, KnownBooking>>();
  readonly #list: KnownBooking[] = [];
  readonly #cancelled = new Map<string, string>();

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
    this.#cancelled.set(id, known.key);
    if (this.#cancelled.size > 4096) this.#cancelled.delete(this.#cancelled.keys().next().value as string);
  }

  /** The key of the booking with this id, when its cancellation was acknowledged lately. */
  cancelledKey(id: string): string | undefined {
    return this.#cancelled.get(id);
  }
}
