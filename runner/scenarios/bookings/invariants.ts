/**
 * The named invariants of `bookings`, judged from facts alone: what was acknowledged and what was never
 * touched since. What only an order of overlapping operations can decide is left to the linearizability check.
 */
import type { Violation } from '../scenario.ts';
import type { ShownSlot } from './calls.ts';
import type { KnownBooking, Ledger } from './ledger.ts';
import type { ShownBooking } from './slot-call.ts';

export const INVARIANTS = [
  'no-overbooking',
  'one-active-booking-per-citizen-and-slot',
  'acknowledged-booking-stays',
  'cancellation-frees-one-seat-once',
  'ids-are-never-reused',
  'availability-matches-bookings',
  'own-cancel-only',
  'reads-lag-no-longer-than-promised',
] as const;
export type InvariantName = (typeof INVARIANTS)[number];

/** What the rules say of a slot. */
export interface SlotLimits {
  readonly capacity: number;
  readonly onePerCitizen: boolean;
}

export function broken(
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
  { capacity, onePerCitizen }: SlotLimits,
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
        `${slot} has ${certain.length} acknowledged bookings that nobody cancelled, but only ${seats(capacity)}.`,
        certain.map(({ id, citizen: by }) => ({ id, citizen: by })),
        `at most ${capacity} active bookings`,
      );
    }
  }
  if (!onePerCitizen) return null;
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
export function vanished(slot: string, booking: string): Violation {
  return broken(
    'acknowledged-booking-stays',
    slot,
    `${booking} was acknowledged and never cancelled, but its first cancel finds no such booking.`,
    'refused: no-such-booking',
    'ok',
  );
}

/** A cancel of an active booking was acknowledged to somebody whose booking it is not. */
export function cancelledByAnother(slot: string, { id, citizen }: KnownBooking, by: string): Violation {
  return broken(
    'own-cancel-only',
    slot,
    `${by} cancelled booking ${id}, which is ${citizen}'s: the cancel was acknowledged.`,
    'ok',
    'refused: not-yours, or no-such-booking',
  );
}

/** After a slot was read from event `invokedIndex` on. */
export function checkRead(
  ledger: Ledger,
  slot: string,
  bookings: readonly ShownBooking[] | number,
  { capacity, onePerCitizen }: SlotLimits,
  invokedIndex: number,
): Violation | null {
  const count = typeof bookings === 'number' ? bookings : bookings.length;
  if (count > capacity) return shownOverbooked(slot, capacity, bookings);
  const twice = onePerCitizen && typeof bookings !== 'number' ? shownTwice(bookings) : undefined;
  if (twice !== undefined) {
    return broken(
      'one-active-booking-per-citizen-and-slot',
      slot,
      `${slot} shows two active bookings of ${twice}.`,
      bookings,
      'at most one active booking of a citizen in a slot',
    );
  }
  const certain: KnownBooking[] = [];
  for (const booking of ledger.inSlot(slot).values()) {
    if (booking.cancelsBegun === 0 && booking.acknowledgedIndex < invokedIndex) certain.push(booking);
  }
  const missing = missingOf(certain, bookings);
  if (!missing) return null;
  return typeof bookings === 'number'
    ? tooFewShown(slot, certain.length, bookings)
    : notShown(slot, missing, bookings);
}

/** What a view shows too many of. */
export function shownOverbooked(
  slot: string,
  capacity: number,
  bookings: readonly ShownBooking[] | number,
): Violation {
  const count = typeof bookings === 'number' ? bookings : bookings.length;
  return broken(
    'no-overbooking',
    slot,
    `${slot} shows ${count} active bookings, but it has only ${seats(capacity)}.`,
    bookings,
    `at most ${capacity} active bookings`,
  );
}

function shownTwice(bookings: readonly ShownBooking[]): string | undefined {
  const citizens = new Set<string>();
  for (const { citizen } of bookings) {
    if (citizen === undefined) continue;
    if (citizens.has(citizen)) return citizen;
    citizens.add(citizen);
  }
  return undefined;
}

/** The first of these bookings that the view has no room for: by id, else by citizen, else by the number of all. */
export function missingOf<B extends { readonly id: string; readonly citizen: string }>(
  certain: readonly B[],
  bookings: readonly ShownBooking[] | number,
): B | undefined {
  if (typeof bookings === 'number') return certain[bookings];
  const left = new Map<string, number>();
  const hasIds = bookings.every(({ id }) => id !== undefined);
  for (const { id, citizen } of bookings) {
    const name = (hasIds ? id : citizen) as string;
    left.set(name, (left.get(name) ?? 0) + 1);
  }
  return certain.find((booking) => {
    const name = hasIds ? booking.id : booking.citizen;
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count === 0;
  });
}

function notShown(
  slot: string,
  { id, citizen, isUnnamed }: KnownBooking,
  bookings: readonly ShownBooking[],
): Violation {
  const name = isUnnamed ? `The booking of ${citizen}` : `Booking ${id} of ${citizen}`;
  return broken(
    'acknowledged-booking-stays',
    slot,
    `${name} was acknowledged and never cancelled, but ${slot} does not show it.`,
    bookings,
    `a list with ${isUnnamed ? `the booking of ${citizen}` : `booking ${id}`}`,
  );
}

/** The view says how many there are and not which. */
function tooFewShown(slot: string, acknowledged: number, shown: number): Violation {
  return broken(
    'acknowledged-booking-stays',
    slot,
    `${slot} shows ${shown} active bookings, but ${acknowledged} were acknowledged before it was asked and never cancelled.`,
    shown,
    `at least ${acknowledged} active bookings`,
  );
}

/** After a row of a list that began at event `invokedIndex`. */
export function checkRow(
  ledger: Ledger,
  row: ShownSlot,
  count: number,
  { capacity }: SlotLimits,
  invokedIndex: number,
): Violation | null {
  if (count > capacity) {
    return broken(
      'no-overbooking',
      row.id,
      `The list counts ${count} active bookings in ${row.id}, which has only ${seats(capacity)}.`,
      row,
      `at most ${capacity} active bookings`,
    );
  }
  let certain = 0;
  for (const booking of ledger.inSlot(row.id).values()) {
    if (booking.cancelsBegun === 0 && booking.acknowledgedIndex < invokedIndex) certain++;
  }
  if (count >= certain) return null;
  return broken(
    'availability-matches-bookings',
    row.id,
    `The list counts ${count} active bookings in ${row.id}, but ${certain} were acknowledged before it began and never cancelled.`,
    row,
    `at least ${certain} active bookings`,
  );
}

function seats(count: number): string {
  return count === 1 ? '1 seat' : `${count} seats`;
}
