/**
 * What the citizens know for certain: which bookings were acknowledged, by whom, and which of them may
 * be gone. The named invariants and the metrics are read off it.
 */
import { NewestMap } from '../../sim/newest-map.ts';

export interface KnownBooking {
  readonly id: string;
  readonly slot: string;
  readonly citizen: string;
  /** The service gave it no id: it is known by its request. */
  readonly isUnnamed?: true;
  /** The key that it was made with; null while it was only seen in a read. */
  key: string | null;
  /** Index of the event that acknowledged it, or first showed it. */
  readonly acknowledgedIndex: number;
  /** How many cancels of it were ever begun; 0: it is certainly active. */
  cancelsBegun: number;
  /** Position in the list that citizens choose from. */
  position: number;
}

/** A booking that no longer is. */
export interface GoneBooking extends KnownBooking {
  /** True once a cancel of it was acknowledged. */
  acknowledged: boolean;
}

/** Bookings that are gone whose ids are remembered. */
const REMEMBERED = 4096;
/** Cancelled bookings that a citizen may try to cancel again. */
const LATELY = 16;

export class Ledger {
  readonly #byId = new Map<string, KnownBooking>();
  readonly #bySlot = new Map<string, Map<string, KnownBooking>>();
  readonly #list: KnownBooking[] = [];
  readonly #gone = new NewestMap<string, GoneBooking>(REMEMBERED);
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

  /**
   * The booking is gone: a cancel of it was acknowledged, or one was told that there is no such booking
   * when another may have ended it. Its id is remembered among the newest few thousand.
   */
  remove(id: string, acknowledged: boolean): void {
    const known = this.#byId.get(id);
    if (!known) {
      const gone = this.#gone.get(id);
      if (gone && acknowledged) gone.acknowledged = true;
      return;
    }
    this.#byId.delete(id);
    this.#bySlot.get(known.slot)?.delete(id);
    const last = this.#list.pop() as KnownBooking;
    if (last !== known) {
      this.#list[known.position] = last;
      last.position = known.position;
    }
    this.#gone.set(id, { ...known, acknowledged });
    this.#lately[this.#removals++ % LATELY] = known;
  }

  /** The booking with this id, when it went lately. */
  gone(id: string): GoneBooking | undefined {
    return this.#gone.get(id);
  }

  /**
   * One of the few bookings whose cancellation was acknowledged last; `draw` is from 0 to 1. With `returned`
   * one whose citizen is in the slot again, if there is one.
   */
  lately(draw: number, returned = false): KnownBooking | undefined {
    const those = returned ? this.#lately.filter((gone) => this.#isIn(gone.citizen, gone.slot)) : [];
    const list = those.length > 0 ? those : this.#lately;
    return list[Math.floor(draw * list.length)];
  }

  #isIn(citizen: string, slot: string): boolean {
    for (const booking of this.inSlot(slot).values()) if (booking.citizen === citizen) return true;
    return false;
  }
}
