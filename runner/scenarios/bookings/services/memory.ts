/**
 * The reference booking service in memory: the same steps as the one over SQL, with a scheduling point
 * where that one has a statement. A bug of the zoo replaces single steps.
 */

import type { Call, Reply } from '../../../service/call.ts';
import type { MemoryRoutine, MemoryService } from '../../../service/memory-service.ts';
import type { BookCall, BookingCall, BookingWorld, SlotRow, SlotView } from '../calls.ts';

export interface StoredBooking {
  id: number;
  slot: string;
  citizen: string;
  key: string | null;
  active: boolean;
}

export interface StoredSlot {
  id: string;
  capacity: number;
  open: boolean;
  active: Map<string, StoredBooking>;
  /** By citizen and key: what a repeat is answered. */
  byKey: Map<string, StoredBooking>;
}

export interface BookingStore {
  slots: Map<string, StoredSlot>;
  byId: Map<number, StoredBooking>;
  nextId: number;
}

/** The steps of the service that bugs replace. Each runs between two scheduling points, so it is atomic. */
export interface MemorySteps {
  /** Whether a booking holds the slot's lock from its first look to its end. */
  locksSlot: boolean;
  /** What a booking remembers of the slot from before it had the lock. */
  lookBefore(slot: StoredSlot): { open: boolean } | null;
  /** The booking that an earlier request with this key made. */
  findRepeat(slot: StoredSlot, call: BookCall, store: BookingStore): StoredBooking | undefined;
  isFull(slot: StoredSlot): boolean;
  store(store: BookingStore, slot: StoredSlot, call: BookCall, clock: { nowMs(): number }): StoredBooking;
  cancel(store: BookingStore, id: number): boolean;
  setOpen(slot: StoredSlot, open: boolean): void;
  /** Wrong services have scheduling points in the middle of these; null: there are none. */
  slowly: SlowSteps | null;
}

/** Steps with scheduling points inside. */
export interface SlowSteps {
  cancel?(store: BookingStore, id: number): Generator<undefined, boolean, void>;
  read?(slot: StoredSlot): Generator<undefined, SlotView, void>;
}

export const rightMemorySteps: MemorySteps = {
  locksSlot: true,
  lookBefore: () => null,
  isFull: (slot) => slot.active.size >= slot.capacity,
  slowly: null,
  findRepeat: (slot, call) => slot.byKey.get(`${call.citizen} ${call.key}`),
  store(store, slot, call) {
    const booking = { id: store.nextId++, slot: slot.id, citizen: call.citizen, key: call.key, active: true };
    store.byId.set(booking.id, booking);
    slot.active.set(String(booking.id), booking);
    slot.byKey.set(`${call.citizen} ${call.key}`, booking);
    return booking;
  },
  cancel(store, id) {
    const booking = store.byId.get(id);
    if (!booking?.active) return false;
    booking.active = false;
    store.byId.delete(id);
    store.slots.get(booking.slot)?.active.delete(String(id));
    return true;
  },
  setOpen(slot, open) {
    slot.open = open;
  },
};

/** A scheduling point: another request may run here. */
const POINT = undefined;

export class MemoryBookingService implements MemoryService {
  readonly #steps: MemorySteps;
  #store: BookingStore = { slots: new Map(), byId: new Map(), nextId: 1 };

  constructor(steps: Partial<MemorySteps> = {}) {
    this.#steps = { ...rightMemorySteps, ...steps };
  }

  prepare(world: Record<string, unknown>): void {
    this.#store = { slots: new Map(), byId: new Map(), nextId: 1 };
    for (const { id, capacity, open } of (world as BookingWorld).slots) {
      this.#store.slots.set(id, { id, capacity, open, active: new Map(), byKey: new Map() });
    }
  }

  handle(call: Call, clock: { nowMs(): number }): MemoryRoutine {
    const booking = call as BookingCall;
    switch (booking.operation) {
      case 'book':
        return this.#book(booking, clock);
      case 'cancel':
        return this.#cancel(booking.booking);
      case 'read':
        return this.#read(booking.slot);
      case 'list':
        return this.#list();
      case 'open':
      case 'close':
        return this.#switch(booking.slot, booking.operation === 'open');
    }
  }

  /** Forgets the answer for a key that no citizen will use again, so that long runs stay small. */
  forget(what: unknown): void {
    const { slot, citizen, key } = what as { slot: string; citizen: string; key: string };
    this.#store.slots.get(slot)?.byKey.delete(`${citizen} ${key}`);
  }

  inspect(): SlotView[] {
    return [...this.#store.slots.values()].map(viewOf);
  }

  *#book(call: BookCall, clock: { nowMs(): number }): MemoryRoutine {
    const steps = this.#steps;
    const slot = this.#store.slots.get(call.slot);
    if (!slot) return refused('no-such-slot');
    const before = steps.lookBefore(slot);
    if (steps.locksSlot) yield { lock: slot.id };
    else yield POINT;
    const repeat = steps.findRepeat(slot, call, this.#store);
    if (repeat) return ok({ booking: bookingId(repeat) });
    yield POINT;
    if (!(before ?? slot).open) return refused('closed');
    for (const active of slot.active.values()) {
      if (active.citizen === call.citizen) return refused('already-booked');
    }
    if (steps.isFull(slot)) return refused('full');
    yield POINT;
    return ok({ booking: bookingId(steps.store(this.#store, slot, call, clock)) });
  }

  *#cancel(booking: string): MemoryRoutine {
    yield POINT;
    const id = Number(booking.slice(2));
    const { slowly } = this.#steps;
    const done = slowly?.cancel ? yield* slowly.cancel(this.#store, id) : this.#steps.cancel(this.#store, id);
    return done ? ok({ booking }) : refused('no-such-booking');
  }

  *#read(slotId: string): MemoryRoutine {
    yield POINT;
    const slot = this.#store.slots.get(slotId);
    if (!slot) return refused('no-such-slot');
    const { slowly } = this.#steps;
    return ok({ ...(slowly?.read ? yield* slowly.read(slot) : viewOf(slot)) });
  }

  *#list(): MemoryRoutine {
    yield POINT;
    const slots: SlotRow[] = [];
    for (const { id, capacity, open, active } of this.#store.slots.values()) {
      slots.push({ id, capacity, open, bookings: active.size });
    }
    return ok({ slots });
  }

  /** A switch takes the slot's lock too: a booking that saw the slot open is stored before it closes. */
  *#switch(slotId: string, open: boolean): MemoryRoutine {
    const slot = this.#store.slots.get(slotId);
    if (!slot) return refused('no-such-slot');
    yield { lock: slot.id };
    this.#steps.setOpen(slot, open);
    return ok({ slot: slotId });
  }
}

export function bookingId(booking: { id: number }): string {
  return `b-${booking.id}`;
}

export function viewOf(slot: StoredSlot): SlotView {
  const bookings = [...slot.active.values()].map((b) => ({ id: bookingId(b), citizen: b.citizen }));
  return { id: slot.id, capacity: slot.capacity, open: slot.open, bookings };
}

function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}

function refused(reason: string): Reply {
  return { outcome: 'refused', reason };
}
