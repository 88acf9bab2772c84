/** Events as maps of their seats: each seat with the order that has it, places as counts, who waits. */
import type { Venue } from '../../server/contract/city.ts';
import { counted, formatClock, formatNumber } from './format.ts';
import { safeText } from './sanitize.ts';

export type EventShown = Venue['events'][number];
type Order = EventShown['orders'][number];

/** `twice`: more orders than one have it, and nothing about them is in doubt; `beyond`: the event has no such seat. */
export type SeatState = 'free' | Order['state'] | 'twice' | 'beyond';

/** A sign for each, so that nothing is said by colour alone. */
export const SEAT_SIGNS: Readonly<Record<SeatState, string>> = {
  free: '□',
  held: '▒',
  paid: '◆',
  sold: '█',
  twice: '✖',
  beyond: '✖',
};

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
/** More who wait are told by their number. */
const MOST_WAITING = 50;

/** That of `failed` first. */
export function eventsInOrder({ events }: Pick<Venue, 'events'>, failed: string | null): EventShown[] {
  return [...events.filter(({ id }) => id === failed), ...events.filter(({ id }) => id !== failed)];
}

/** The event's own seats in its order, and behind them those that orders have beyond them. */
export function seatsOf(event: Pick<EventShown, 'seats' | 'orders'>, nowMs: number | null): Seat[] {
  const owners = new Map<string, Order[]>(event.seats.map((name) => [name, []]));
  for (const order of standing(event, nowMs))
    for (const seat of order.seats) {
      const others = owners.get(seat);
      if (others === undefined) owners.set(seat, [order]);
      else others.push(order);
    }
  const own = new Set(event.seats);
  return [...owners].slice(0, MOST_SEATS).map(([name, having]) => ({
    name,
    state:
      having.filter((order) => isCertain(order, nowMs)).length > 1 ? 'twice' : stateOf(having, own.has(name)),
    orders: having,
  }));
}

function stateOf(having: readonly Order[], isOwn: boolean): SeatState {
  return isOwn ? (having.at(-1)?.state ?? 'free') : 'beyond';
}

/** Holds that ran out are over, whatever the service did since. */
function standing({ orders }: Pick<EventShown, 'orders'>, nowMs: number | null): readonly Order[] {
  return orders.filter(({ state, expiresAt }) => state !== 'held' || (expiresAt ?? Infinity) > (nowMs ?? 0));
}

/** Where the service's clock is not known, a hold may have run out. */
function isCertain({ state, uncertain }: Order, nowMs: number | null): boolean {
  return !uncertain && (state !== 'held' || nowMs !== null);
}

/** Null: the event has none, and nobody has one. */
export function placesOf(event: Pick<EventShown, 'places' | 'orders'>, nowMs: number | null): Places | null {
  const taken = { held: 0, paid: 0, sold: 0 };
  for (const order of standing(event, nowMs)) taken[order.state] += order.places;
  const free = event.places - taken.held - taken.paid - taken.sold;
  return event.places === 0 && free === 0 ? null : { total: event.places, free, ...taken };
}

/** True when a seat has two owners or is none of the event's, more places are taken than there are, or money is kept for nothing. */
export function isWrong(event: EventShown, nowMs: number | null): boolean {
  const isSeatWrong = seatsOf(event, nowMs).some(({ state }) => state === 'twice' || state === 'beyond');
  return isSeatWrong || hasTooMany(event, nowMs) || (event.moneyHeld ?? 0) > 0;
}

function hasTooMany(event: EventShown, nowMs: number | null): boolean {
  const orders = event.orders.filter((order) => isCertain(order, nowMs));
  return (placesOf({ ...event, orders }, nowMs)?.free ?? 0) < 0;
}

/** How long a hold still stands: `04:59`; '' for none, and where the service's clock is not known. */
export function timeLeft(
  { state, expiresAt }: Pick<Order, 'state' | 'expiresAt'>,
  nowMs: number | null,
): string {
  if (state !== 'held' || expiresAt === null || nowMs === null) return '';
  return formatClock(expiresAt - nowMs, 0);
}

/** How long the first hold of a seat still stands; '' for none. */
export function seatTimeLeft({ orders: [order] }: Pick<Seat, 'orders'>, nowMs: number | null): string {
  return order === undefined ? '' : timeLeft(order, nowMs);
}

const STATE_SAYS: Readonly<Record<SeatState, string>> = {
  free: 'free',
  held: 'held',
  paid: 'paid',
  sold: 'sold',
  twice: 'has two orders',
  beyond: 'is no seat of the event',
};

/** `a1: held, citizen-3 (o7), 04:59 left`. */
export function seatWords(seat: Seat, nowMs: number | null): string {
  const left = seatTimeLeft(seat, nowMs);
  const owners = seat.orders.map(({ id, owner }) => `${safeText(owner)} (${safeText(id)})`).join(' and ');
  return `${safeText(seat.name)}: ${STATE_SAYS[seat.state]}${owners === '' ? '' : `, ${owners}`}${left === '' ? '' : `, ${left} left`}`;
}

/** `opens in 01:20`; '' once it is open, and where that is not known. */
export function saleWords({ opensAt }: Pick<EventShown, 'opensAt'>, nowMs: number | null): string {
  if (opensAt === null || nowMs === null || nowMs >= opensAt) return '';
  return `opens in ${formatClock(opensAt - nowMs, 0)}`;
}

/** `12 places: 3 free, 2 held, 1 paid, 6 sold`, without what there is none of. */
export function placesWords({ total, free, held, paid, sold }: Places): string {
  const first = free < 0 ? `${formatNumber(-free)} too many` : `${formatNumber(free)} free`;
  const taken = Object.entries({ held, paid, sold }).flatMap(([state, count]) =>
    count === 0 ? [] : [`${formatNumber(count)} ${state}`],
  );
  return `${counted(total, 'place', 'places')}: ${[first, ...taken].join(', ')}`;
}

/** `money held: 1 payment without a seat`; '' for none. */
export function moneyWords({ moneyHeld }: Pick<EventShown, 'moneyHeld'>): string {
  return moneyHeld === null || moneyHeld <= 0
    ? ''
    : `money held: ${counted(moneyHeld, 'payment', 'payments')} without a seat`;
}

/** `3 wait: `, and the first of them by name; null: nobody waits. */
export function waitingWords({ waiting }: Pick<EventShown, 'waiting'>): [head: string, names: string] | null {
  if (waiting.length === 0) return null;
  return [`${formatNumber(waiting.length)} wait: `, waiting.slice(0, MOST_WAITING).map(safeText).join(', ')];
}
