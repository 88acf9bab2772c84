/** What a read shows of an event, against what the model knows of it. */
import type { When } from '../../public.ts';
import type { EventShown, Order } from './calls.ts';
import { type EventState, endingAt, type KnownOrder, orderOf, promoted, type Terms } from './event-state.ts';

/** The state, with the instants that the read tells; null when it shows something else. */
export function afterRead(state: EventState, shown: EventShown, when: When, terms: Terms): EventState | null {
  if (shown.moneyHeld !== 0 || !isSameEvent(state, shown)) return null;
  let after: EventState | null = withOffers(state, shown, when, terms);
  if (!after || after.orders.length !== shown.orders.length) return null;
  for (const order of shown.orders) {
    const known = orderOf(after, order.id);
    after = known && isSameOrder(known, order) ? withEnd(after, known, order) : null;
    if (!after) return null;
  }
  return after.waiting.map(({ id }) => id).join() === shown.waiting.join() ? after : null;
}

/** As people know the event. */
export function shownOf({ event, orders, waiting }: EventState): EventShown {
  return {
    ...event,
    orders: orders.map(({ ends, ...order }) => ({
      ...order,
      expiresAt: order.state === 'held' ? ends.hi : null,
    })),
    waiting: waiting.map(({ id }) => id),
    moneyHeld: 0,
  };
}

export function shownText(state: EventState): string {
  const { orders, waiting } = shownOf(state);
  const rows = orders.map(({ id, owner, seats, places, state: is }) => {
    const of = [...seats, ...(places > 0 ? [`${places} of the places`] : [])];
    return `${id} of ${owner}, ${of.join(' and ')}, ${is}`;
  });
  return [rows.join('; ') || 'no orders', `waiting: ${waiting.join(', ') || 'nobody'}`, 'no money held'].join(
    '; ',
  );
}

/** Those who are due and are shown as if they were promoted by `when.to` have an order. */
function withOffers(
  state: EventState,
  { orders }: EventShown,
  when: When,
  { offerMs }: Terms,
): EventState | null {
  let after = state;
  for (const waiter of state.waiting) {
    if (waiter.dueSince === null || !orders.some(({ id }) => id === waiter.id)) break;
    const ends = { lo: waiter.dueSince + offerMs, hi: when.to + offerMs };
    after = promoted(after, waiter, ends);
  }
  return after;
}

function withEnd(state: EventState, known: KnownOrder, { expiresAt }: Order): EventState | null {
  if (known.state === 'held') return endingAt(state, known, expiresAt);
  return expiresAt === null ? state : null;
}

function isSameEvent({ event }: EventState, { seats, places, quota, opensAt }: EventShown): boolean {
  return (
    places === event.places &&
    quota === event.quota &&
    opensAt === event.opensAt &&
    seats.join() === event.seats.join()
  );
}

function isSameOrder(known: KnownOrder, { owner, seats, places, state }: Order): boolean {
  return (
    owner === known.owner &&
    state === known.state &&
    places === known.places &&
    seats.join() === known.seats.join()
  );
}
