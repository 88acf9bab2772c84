/** The named invariants of `tickets` that what is seen of an event at one instant can break. */
import type { Violation } from '../../public.ts';
import type { EventShown, Order } from './calls.ts';
import { sizeOf } from './event-state.ts';

/** After an event was shown. */
export function checkEvent(shown: EventShown): Violation | null {
  return (
    checkNames(shown) ?? checkSeats(shown) ?? checkPlaces(shown) ?? checkMoney(shown) ?? checkQuota(shown)
  );
}

/** After an event was shown, of an order that a waiter was offered. */
export function checkOffer({ id: object }: EventShown, { id, seats, places }: Order): Violation | null {
  if (seats.length === 0 && places === 1) return null;
  return {
    invariant: 'promotion-takes-one-seat',
    message: `The waiter ${id} waits for one place of ${object} and was given ${seats.length + places}.`,
    actual: [...seats, places],
    expected: 'one place',
    object,
  };
}

function checkNames({ id: object, orders, waiting }: EventShown): Violation | null {
  const names = [...orders.map(({ id }) => id), ...waiting];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return null;
  return {
    invariant: 'promotion-takes-one-seat',
    message: `${twice} is more than once among the orders and the waiters of ${object}.`,
    actual: names,
    expected: 'each once',
    object,
  };
}

function checkSeats({ id: object, seats, orders }: EventShown): Violation | null {
  for (const seat of seats) {
    const takers = orders.filter((order) => order.seats.includes(seat));
    if (takers.length < 2) continue;
    const [one, other] = takers as [Order, Order];
    return {
      invariant: 'seat-has-one-owner',
      message: `Seat ${seat} of ${object} is in ${one.id} of ${one.owner} and in ${other.id} of ${other.owner}.`,
      actual: takers,
      expected: 'one of them',
      object,
    };
  }
  return null;
}

function checkPlaces({ id: object, places, orders }: EventShown): Violation | null {
  const taken = orders.reduce((count, order) => count + order.places, 0);
  if (taken <= places) return null;
  return {
    invariant: 'no-more-places-than-there-are',
    message: `${taken} places of ${object} are taken, which has ${places}.`,
    actual: taken,
    expected: `${places} at most`,
    object,
  };
}

function checkMoney({ id: object, moneyHeld }: EventShown): Violation | null {
  if (moneyHeld === 0) return null;
  return {
    invariant: 'money-has-a-seat-or-is-given-back',
    message: `Of ${object} ${moneyHeld} payment${moneyHeld === 1 ? ' has' : 's have'} neither seats nor been given back.`,
    actual: moneyHeld,
    expected: 0,
    object,
  };
}

function checkQuota({ id: object, quota, orders }: EventShown): Violation | null {
  const counts = new Map<string, number>();
  for (const order of orders) {
    const count = (counts.get(order.owner) ?? 0) + sizeOf(order);
    counts.set(order.owner, count);
    if (count <= quota) continue;
    return {
      invariant: 'quota',
      message: `${order.owner} has ${count} of ${object}, of which each may have ${quota}.`,
      actual: orders.filter(({ owner }) => owner === order.owner),
      expected: `${quota} at most`,
      object,
    };
  }
  return null;
}
