/** What of an event a call is about: what it can take, free, or be refused for. */
import type { TicketCall } from './calls.ts';
import { type EventState, type KnownOrder, orderOf, waiterOf } from './event-state.ts';

export interface Scope {
  readonly seats: readonly string[];
  readonly hasPlaces: boolean;
  /** Whose quota it is about. */
  readonly citizens: readonly string[];
}

/**
 * Of an order that is not there yet nobody knows what it is of. A quota counts what a citizen waits for, so that what
 * happens to places matters to whoever asks for more.
 */
export function scopeOf(state: EventState, call: Exclude<TicketCall, { operation: 'read' }>): Scope {
  const isWaiting = (citizen: string) => state.waiting.some(({ owner }) => owner === citizen);
  if (call.operation === 'hold') {
    const hasPlaces = call.places > 0 || isWaiting(call.citizen);
    return { seats: call.seats, hasPlaces, citizens: [call.citizen] };
  }
  if (call.operation === 'join') return { seats: [], hasPlaces: true, citizens: [call.citizen] };
  // It stays with whom it is, and keeps what it has; a place may be on its way to one who waits.
  if (call.operation === 'confirm')
    return { seats: [], hasPlaces: waiterOf(state, call.order) !== undefined, citizens: [] };
  const order = orderOf(state, call.order);
  const owners = [order?.owner, waiterOf(state, call.order)?.owner].filter((owner) => owner !== undefined);
  const own = { seats: order?.seats ?? [], hasPlaces: order ? order.places > 0 : true, citizens: owners };
  if (call.operation !== 'transfer') return own;
  return { ...own, hasPlaces: own.hasPlaces || isWaiting(call.to), citizens: [...owners, call.to] };
}

export function overlap(a: Scope, b: Scope): boolean {
  return (
    (a.hasPlaces && b.hasPlaces) ||
    a.seats.some((seat) => b.seats.includes(seat)) ||
    a.citizens.some((citizen) => b.citizens.includes(citizen))
  );
}

/** Which of the orders it matters to the call whether they stand. */
export function concerns(state: EventState, call: TicketCall): (order: KnownOrder) => boolean {
  if (call.operation === 'read') return () => true;
  const scope = scopeOf(state, call);
  return ({ id, seats, places, owner }) =>
    id === call.order || overlap(scope, { seats, hasPlaces: places > 0, citizens: [owner] });
}
