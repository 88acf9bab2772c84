/**
 * The named invariants of `bookings`, judged from facts alone: what was acknowledged and what was never
 * touched since. What only an order of overlapping operations can decide is left to the linearizability check.
 */
import type { Violation } from '../scenario.ts';
import type { SlotRow, SlotView } from './calls.ts';
import type { KnownBooking, Ledger } from './ledger.ts';

export const INVARIANTS = [
  'no-overbooking',
  'one-active-booking-per-citizen-and-slot',
  'acknowledged-booking-stays',
  'cancellation-frees-one-seat-once',
  'ids-are-never-reused',
  'availability-matches-bookings',
] as const;
export type InvariantName = (typeof INVARIANTS)[number];

function broken(
  invariant: InvariantName,
  object: string,
  message: string,
  actual: unknown,
  expected: unknown,
): Violation {
  return { invariant, object, message, actual, expected };
}

/** Bookings of a slot that no citizen ever began to cancel: active in every possible order of events. */
function certainlyActive(ledger: Ledger, slot: string): KnownBooking[] {
  return [...ledger.inSlot(slot).values()].filter((booking) => booking.cancelsBegun === 0);
}

/** After a book was acknowledged with a new id. */
export function checkAcknowledged(
  ledger: Ledger,
  slot: string,
  capacity: number,
  citizen: string,
): Violation | null {
  // The count comes first: it is cheap, and most slots are below capacity.
  const bookings = ledger.inSlot(slot);
  if (bookings.size > capacity) {
    const certain = certainlyActive(ledger, slot);
    if (certain.length > capacity) {
      return broken(
        'no-overbooking',
        slot,
        `${slot} has ${certain.length} acknowledged bookings that nobody cancelled, but only ${capacity} seats.`,
        certain.map(({ id, citizen: by }) => ({ id, citizen: by })),
        `at most ${capacity} active bookings`,
      );
    }
  }
  let own = 0;
  for (const booking of bookings.values()) {
    if (booking.citizen === citizen && booking.cancelsBegun === 0) own++;
  }
  if (own > 1) {
    return broken(
      'one-active-booking-per-citizen-and-slot',
      slot,
      `${citizen} holds ${own} acknowledged bookings in ${slot} and cancelled none of them.`,
      certainlyActive(ledger, slot).filter((b) => b.citizen === citizen),
      'at most one active booking',
    );
  }
  return null;
}

/** After a book was acknowledged with an id that another request was given before. */
export function reusedId(slot: string, id: string, before: string): Violation {
  return broken(
    'ids-are-never-reused',
    slot,
    `Booking ${id} was given out twice: now in ${slot}, before to ${before}.`,
    id,
    'an id that was never given out before',
  );
}

/** A cancel was acknowledged for a booking whose cancellation was acknowledged already. */
export function cancelledTwice(slot: string, id: string): Violation {
  return broken(
    'cancellation-frees-one-seat-once',
    slot,
    `The cancellation of booking ${id} was acknowledged twice.`,
    'ok',
    'refused: no-such-booking',
  );
}

/** A cancel was refused although the booking was acknowledged and this was its only cancel ever. */
export function vanished(slot: string, id: string): Violation {
  return broken(
    'acknowledged-booking-stays',
    slot,
    `Booking ${id} was acknowledged and never cancelled, but its first cancel finds no such booking.`,
    'refused: no-such-booking',
    'ok',
  );
}

/** After a read of a slot that began at event `invokedIndex`. */
export function checkRead(ledger: Ledger, view: SlotView, invokedIndex: number): Violation | null {
  if (view.bookings.length > view.capacity) {
    return broken(
      'no-overbooking',
      view.id,
      `${view.id} shows ${view.bookings.length} active bookings, but it has only ${view.capacity} seats.`,
      view.bookings,
      `at most ${view.capacity} active bookings`,
    );
  }
  const citizens = new Set<string>();
  const ids = new Set<string>();
  for (const { id, citizen } of view.bookings) {
    if (citizens.has(citizen)) {
      return broken(
        'one-active-booking-per-citizen-and-slot',
        view.id,
        `${view.id} shows two active bookings of ${citizen}.`,
        view.bookings,
        'at most one active booking of a citizen in a slot',
      );
    }
    citizens.add(citizen);
    ids.add(id);
  }
  for (const booking of ledger.inSlot(view.id).values()) {
    if (booking.cancelsBegun > 0 || booking.acknowledgedIndex >= invokedIndex || ids.has(booking.id))
      continue;
    return broken(
      'acknowledged-booking-stays',
      view.id,
      `Booking ${booking.id} of ${booking.citizen} was acknowledged and never cancelled, but ${view.id} does not show it.`,
      view.bookings,
      `a list with booking ${booking.id}`,
    );
  }
  return null;
}

/** After a row of a list that began at event `invokedIndex`. */
export function checkRow(ledger: Ledger, row: SlotRow, invokedIndex: number): Violation | null {
  if (row.bookings > row.capacity) {
    return broken(
      'no-overbooking',
      row.id,
      `The list counts ${row.bookings} active bookings in ${row.id}, which has only ${row.capacity} seats.`,
      row,
      `at most ${row.capacity} active bookings`,
    );
  }
  let certain = 0;
  for (const booking of ledger.inSlot(row.id).values()) {
    if (booking.cancelsBegun === 0 && booking.acknowledgedIndex < invokedIndex) certain++;
  }
  if (row.bookings >= certain) return null;
  return broken(
    'availability-matches-bookings',
    row.id,
    `The list counts ${row.bookings} active bookings in ${row.id}, but ${certain} were acknowledged before it began and never cancelled.`,
    row,
    `at least ${certain} active bookings`,
  );
}
