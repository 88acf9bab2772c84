/** The calls of the `bookings` domain, the answers to them, and the city that they are made in. */
import type { Call } from '../../service/call.ts';
import type { ShownBooking } from './slot-call.ts';

export interface BookCall extends Call {
  readonly operation: 'book';
  readonly slot: string;
  readonly citizen: string;
  /** The idempotency key: a repeat by the same citizen for the same slot has one effect. */
  readonly key: string;
}

export interface CancelCall extends Call {
  readonly operation: 'cancel';
  readonly booking: string;
  /** Where the citizen knows the booking to be; a service finds it by its id alone. */
  readonly slot: string;
  /** Who asks, over HTTP: whose booking it is, or somebody who tries another's. */
  readonly citizen?: string;
}

export interface ReadCall extends Call {
  readonly operation: 'read';
  readonly slot: string;
}

export interface ListCall extends Call {
  readonly operation: 'list';
}

export interface SwitchCall extends Call {
  readonly operation: 'open' | 'close';
  readonly slot: string;
}

export type BookingCall = BookCall | CancelCall | ReadCall | ListCall | SwitchCall;

export const BOOKING_OPERATIONS = ['book', 'cancel', 'read', 'list', 'open', 'close'] as const;

export interface SlotSeed {
  id: string;
  capacity: number;
  open: boolean;
}

export interface BookingWorld {
  slots: SlotSeed[];
  citizens: number;
  [extra: string]: unknown;
}

/** One slot as a service shows it, in `read` and in an audit. */
export interface SlotView {
  id: string;
  capacity: number;
  open: boolean;
  bookings: { id: string; citizen: string }[];
}

/** One slot as the answer of any service shows it: what is left out is not looked at. */
export interface ShownSlot {
  id: string;
  capacity?: number;
  open?: boolean;
  /** The active bookings, each by its id, its citizen, or both; or their number. */
  bookings: readonly ShownBooking[] | number;
}

/** One row of `list`. */
export interface SlotRow {
  id: string;
  capacity: number;
  open: boolean;
  /** Active bookings. */
  bookings: number;
}

/** The first so many citizens. */
export function citizenNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => numbered('citizen', i + 1));
}

/** `slot-007`, `citizen-017`: three digits at least, so that columns line up. */
export function numbered(noun: string, n: number): string {
  return `${noun}-${String(n).padStart(3, '0')}`;
}
