/** The requests of bookings that patterns are made of. */
import type { Group as AnyGroup, Planned as AnyPlanned } from '../../../harness/live/planned.ts';
import type { BookCall, BookingCall } from '../calls.ts';
import type { HeldBooking } from './city-knowledge.ts';

export { inTurn, steps, together } from '../../../harness/live/planned.ts';

export type Planned = AnyPlanned<BookingCall>;
export type Group = AnyGroup<BookingCall>;
export type Booking = Planned & { readonly call: BookCall };

/** Who looks, and who opens and closes: citizens like others, as far as a service knows. */
export const OBSERVER = 'observer';
export const MANAGER = 'manager';

export function booking(slot: string, citizen: string, key: string): Booking {
  return { actor: citizen, call: { operation: 'book', slot, citizen, key } };
}

/** By the citizen whose booking it is, or by somebody else. */
export function cancelling(slot: string, { id, call }: HeldBooking, citizen = call.citizen): Planned {
  return { actor: citizen, call: { operation: 'cancel', booking: id, slot, citizen } };
}

export function read(slot: string, actor = OBSERVER): Planned {
  return { actor, call: { operation: 'read', slot } };
}

export function list(actor = OBSERVER): Planned {
  return { actor, call: { operation: 'list' } };
}

export function switched(slot: string, open: boolean): Planned {
  return { actor: MANAGER, call: { operation: open ? 'open' : 'close', slot } };
}
