/** One event as the sequential model of `tickets` knows it, and the steps between its states. */
import type { EventShown, Order, TicketEvent } from './calls.ts';

/** In ms since 1970: not before `lo`, not after `hi`. */
export interface Instant {
  readonly lo: number;
  readonly hi: number;
}

export interface KnownOrder extends Omit<Order, 'expiresAt'> {
  /** When its hold runs out, or would have: repeats of the request are told so. */
  readonly ends: Instant;
}

export interface Waiter {
  readonly id: string;
  readonly owner: string;
  /** A place is free for it: at this instant at the soonest it was promoted, or it will be. Null: none is. */
  readonly dueSince: number | null;
}

/** How long what was given stands, in ms. */
export interface Terms {
  readonly holdMs: number;
  readonly offerMs: number;
}

export interface EventState {
  readonly event: TicketEvent;
  /** Those that stand, by id. */
  readonly orders: readonly KnownOrder[];
  readonly waiting: readonly Waiter[];
  /** Names of orders that were made and whose requests may be repeated, whatever became of them. */
  readonly repeatable: readonly string[];
  /** What each payment that may be told again came to. */
  readonly payments: readonly { readonly id: string; readonly came: Came }[];
}

export type Came = 'paid' | 'refunded';

/** An answer as the model takes it. */
export type TicketAnswer =
  | {
      readonly outcome: 'ok';
      readonly expiresAt?: unknown;
      /** What a payment came to. */
      readonly state?: unknown;
      readonly shown?: EventShown;
    }
  | { readonly outcome: 'refused'; readonly reason: string };

const UNKNOWN_END: Instant = { lo: 0, hi: 0 };

export function orderOf({ orders }: EventState, id: string): KnownOrder | undefined {
  return orders.find((order) => order.id === id);
}

export function waiterOf({ waiting }: EventState, id: string): Waiter | undefined {
  return waiting.find((waiter) => waiter.id === id);
}

export function sizeOf({ seats, places }: { seats: readonly string[]; places: number }): number {
  return seats.length + places;
}

export function freePlaces({ event, orders }: EventState): number {
  return orders.reduce((free, { places }) => free - places, event.places);
}

/** What a citizen holds, owns and waits for; `except` is not counted. */
export function countOf({ orders, waiting }: EventState, citizen: string, except = ''): number {
  const owned = orders.filter(({ owner, id }) => owner === citizen && id !== except);
  return (
    owned.reduce((count, order) => count + sizeOf(order), 0) +
    waiting.filter(({ owner }) => owner === citizen).length
  );
}

export function isSeatFree({ orders }: EventState, seats: readonly string[]): boolean {
  return orders.every((order) => !order.seats.some((seat) => seats.includes(seat)));
}

/** With another order, or another state of one. */
export function withOrder(state: EventState, order: KnownOrder): EventState {
  const others = state.orders.filter(({ id }) => id !== order.id);
  return { ...state, orders: [...others, order].sort(byId) };
}

/** An order ends, or a waiter goes; from `since` on at the soonest what it took is free. */
export function withoutName(state: EventState, name: string, since: number): EventState {
  const orders = state.orders.filter(({ id }) => id !== name);
  const waiting = state.waiting.filter(({ id }) => id !== name);
  return withDue({ ...state, orders, waiting }, since);
}

/** The first of those who wait are due for as many places as are free. */
export function withDue(state: EventState, since: number): EventState {
  const free = freePlaces(state);
  if (!state.waiting.some(({ dueSince }, i) => i < free && dueSince === null)) return state;
  const waiting = state.waiting.map((waiter, i) =>
    i < free && waiter.dueSince === null ? { ...waiter, dueSince: since } : waiter,
  );
  return { ...state, waiting };
}

/** The waiter who is due has the order now. */
export function promoted(
  state: EventState,
  { id, owner }: Waiter,
  ends: Instant = UNKNOWN_END,
  become: Order['state'] = 'held',
): EventState {
  const waiting = state.waiting.filter((waiter) => waiter.id !== id);
  return withOrder({ ...state, waiting }, { id, owner, seats: [], places: 1, state: become, ends });
}

export function mayBeRepeated(state: EventState, name: string): EventState {
  return { ...state, repeatable: [...state.repeatable, name].sort() };
}

export function withPayment(state: EventState, id: string, came: Came): EventState {
  return { ...state, payments: [...state.payments, { id, came }].sort(byId) };
}

/** The order's end is `expiresAt`; null when it cannot be. */
export function endingAt(state: EventState, order: KnownOrder, expiresAt: unknown): EventState | null {
  const { lo, hi } = order.ends;
  if (typeof expiresAt !== 'number' || expiresAt < lo || expiresAt > hi) return null;
  return lo === hi ? state : withOrder(state, { ...order, ends: { lo: expiresAt, hi: expiresAt } });
}

/** Without the holds that have run out for certain at `ms`, as far as it matters. */
export function withoutOverdue(
  state: EventState,
  ms: number,
  matters: (order: KnownOrder) => boolean,
): EventState {
  let after = state;
  for (const order of state.orders) {
    if (order.state === 'held' && order.ends.hi < ms && matters(order))
      after = withoutName(after, order.id, order.ends.lo);
  }
  return after;
}

/** Without these holds, as far as they can have run out by `ms`; null when nothing goes. */
export function withoutSome(state: EventState, ids: readonly string[], ms: number): EventState | null {
  let after = state;
  for (const { id, state: is, ends } of state.orders) {
    if (is === 'held' && ends.lo <= ms && ids.includes(id)) after = withoutName(after, id, ends.lo);
  }
  return after === state ? null : after;
}

/**
 * What happens by itself by `ms`: the next hold runs out, or the first waiter who is due was promoted and let the offer run
 * out. A hold runs out before those that end after it.
 */
export function byItself(state: EventState, ms: number, { offerMs }: Terms): EventState[] {
  const held = state.orders.filter((order) => order.state === 'held' && order.ends.lo <= ms);
  const firstEnd = Math.min(...held.map(({ ends }) => ends.hi));
  const after = held
    .filter(({ ends }) => ends.lo <= firstEnd)
    .map(({ id, ends }) => withoutName(state, id, ends.lo));
  const [first] = state.waiting;
  const offerEnds = first && first.dueSince !== null ? first.dueSince + offerMs : Number.POSITIVE_INFINITY;
  if (first && offerEnds <= ms) after.push(withoutName(state, first.id, offerEnds));
  return after;
}

/** Equal for equal states. What an order is of is told by its name. */
export function stateKey({ orders, waiting, repeatable, payments }: EventState): string {
  let text = '';
  for (const { id, owner, state, ends } of orders) {
    text += `${id} ${owner} ${state}`;
    if (state === 'held' || repeatable.includes(id)) text += ` ${ends.lo} ${ends.hi}`;
    text += ',';
  }
  text += '|';
  for (const { id, dueSince } of waiting) text += `${id} ${dueSince},`;
  text += `|${repeatable.join()}|`;
  for (const { id, came } of payments) text += `${id} ${came},`;
  return text;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
