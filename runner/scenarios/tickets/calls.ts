/** The calls of the `tickets` domain, and the events that they are about. */
import type { Call } from '../../public.ts';

/** Seats by name, places of general admission by number; all of an order or none. A citizen names the order, so that a repeat is known by it. */
export interface HoldCall extends Call {
  readonly operation: 'hold';
  readonly citizen: string;
  readonly event: string;
  readonly order: string;
  readonly seats: readonly string[];
  readonly places: number;
}

/** The provider of payments tells the service what became of one; the same may come twice, late, or never. */
export interface PayCall extends Call {
  readonly operation: 'pay';
  readonly event: string;
  readonly order: string;
  readonly payment: string;
  readonly status: 'succeeded' | 'failed';
}

/**
 * `confirm`: a paid order becomes tickets. `release`: a hold, or an offer, is given up. `refund`: what was paid is given back
 * and its seats are freed. `leave`: nobody waits under this name any more.
 */
export interface OrderCall extends Call {
  readonly operation: 'confirm' | 'release' | 'refund' | 'leave';
  readonly event: string;
  readonly order: string;
}

/** Tickets get another owner; only who owns them may ask for that. */
export interface TransferCall extends Call {
  readonly operation: 'transfer';
  readonly citizen: string;
  readonly event: string;
  readonly order: string;
  readonly to: string;
}

/** On the waiting list for one place of general admission; an offer is a hold whose order has this name. */
export interface JoinCall extends Call {
  readonly operation: 'join';
  readonly citizen: string;
  readonly event: string;
  readonly order: string;
}

/** All that is known of an event. */
export interface ReadCall extends Call {
  readonly operation: 'read';
  readonly event: string;
}

export type TicketCall = HoldCall | PayCall | OrderCall | TransferCall | JoinCall | ReadCall;

export const TICKET_OPERATIONS = [
  'hold',
  'pay',
  'confirm',
  'release',
  'refund',
  'transfer',
  'join',
  'leave',
  'read',
] as const;

export interface TicketEvent {
  readonly id: string;
  readonly seats: readonly string[];
  /** Places of general admission. */
  readonly places: number;
  /** The most that a citizen may hold or own of it. */
  readonly quota: number;
  /** When its sale opens, in ms since 1970. */
  readonly opensAt: number;
}

export interface Venue {
  readonly events: readonly TicketEvent[];
  /** How long a hold stands, in ms. */
  readonly holdMs: number;
  /** How long an offer to who waits stands, in ms. */
  readonly offerMs: number;
  [extra: string]: unknown;
}

/** An order as a service shows it. Those that ended are gone from what is shown. */
export interface Order {
  readonly id: string;
  readonly owner: string;
  readonly seats: readonly string[];
  readonly places: number;
  readonly state: 'held' | 'paid' | 'sold';
  /** Of a hold, in ms since 1970; null otherwise. */
  readonly expiresAt: number | null;
}

/** An event as a service shows it. */
export interface EventShown extends TicketEvent {
  readonly orders: readonly Order[];
  /** Names of orders, the first who waits first. */
  readonly waiting: readonly string[];
  /** Payments that succeeded and were neither turned into seats nor given back: must be none. */
  readonly moneyHeld: number;
}
