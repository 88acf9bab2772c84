/** Events as maps of their seats: each seat with the order that has it, places as counts, who waits. */
import type { Venue } from '../../server/contract/city.ts';
import { formatClock } from './format.ts';

export type EventShown = Venue['events'][number];
type Order = EventShown['orders'][number];

/** `twice`: more orders than one have it; `beyond`: the event has no such seat. */
export type SeatState = 'free' | Order['state'] | 'twice' | 'beyond';

export interface Seat {
  name: string;
  state: SeatState;
  orders: readonly Order[];
}

export interface Places {
  total: number;
  /** Negative: more are taken than there are. */
  free: number;
  held: number;
  paid: number;
  sold: number;
}

/** More seats of one event no screen can show. */
const MOST_SEATS = 2_000;

/** That of `failed` first. */
export function eventsInOrder({ events }: Pick<Venue, 'events'>, failed: string | null): EventShown[] {
  return [...events.filter(({ id }) => id === failed), ...events.filter(({ id }) => id !== failed)];
}

/** The event's own seats in its order, and behind them those that orders have beyond them. */
export function seatsOf({ seats, orders }: Pick<EventShown, 'seats' | 'orders'>): Seat[] {
  const owners = new Map<string, Order[]>(seats.map((name) => [name, []]));
  for (const order of orders)
    for (const seat of order.seats) owners.set(seat, [...(owners.get(seat) ?? []), order]);
  const own = new Set(seats);
  return [...owners].slice(0, MOST_SEATS).map(([name, having]) => ({
    name,
    state: having.length > 1 ? 'twice' : own.has(name) ? (having[0]?.state ?? 'free') : 'beyond',
    orders: having,
  }));
}

/** Null: the event has none, and nobody has one. */
export function placesOf({ places, orders }: Pick<EventShown, 'places' | 'orders'>): Places | null {
  const taken = { held: 0, paid: 0, sold: 0 };
  for (const order of orders) taken[order.state] += order.places;
  const free = places - taken.held - taken.paid - taken.sold;
  return places === 0 && free === 0 ? null : { total: places, free, ...taken };
}

/** True when a seat has two owners or is none of the event's, more places are taken than there are, or money is kept for nothing. */
export function isWrong(event: EventShown): boolean {
  const isSeatWrong = seatsOf(event).some(({ state }) => state === 'twice' || state === 'beyond');
  return isSeatWrong || (placesOf(event)?.free ?? 0) < 0 || (event.moneyHeld ?? 0) > 0;
}

/** How long a hold still stands: `04:59`; '' for none, and where the service's clock is not known. */
export function timeLeft(
  { state, expiresAt }: Pick<Order, 'state' | 'expiresAt'>,
  nowMs: number | null,
): string {
  if (state !== 'held' || expiresAt === null || nowMs === null) return '';
  return formatClock(expiresAt - nowMs, 0);
}

/** `opens in 01:20`; '' once it is open, and where that is not known. */
export function saleWords({ opensAt }: Pick<EventShown, 'opensAt'>, nowMs: number | null): string {
  if (opensAt === null || nowMs === null || nowMs >= opensAt) return '';
  return `opens in ${formatClock(opensAt - nowMs, 0)}`;
}

/** `3 free, 2 held, 1 paid, 6 sold`. */
export function placesWords({ free, held, paid, sold }: Places): string {
  const first = free < 0 ? `${-free} too many` : `${free} free`;
  return `${first}, ${held} held, ${paid} paid, ${sold} sold`;
}
