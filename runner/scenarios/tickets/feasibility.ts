/**
 * What can be ruled out early: an answer that the event cannot come to give from a state, whatever the calls still
 * open do and whatever runs out. True only when that is certain, so that the checker turns back at once.
 */
import type { OpenCall } from '../../public.ts';
import type { EventShown, Order, TicketCall } from './calls.ts';
import { type EventState, type KnownOrder, orderOf, type TicketAnswer, waiterOf } from './event-state.ts';

type Open = readonly OpenCall<TicketCall, TicketAnswer>[];

/** The states of an order, in the only sequence that there is. */
const STAGES: readonly Order['state'][] = ['held', 'paid', 'sold'];

export function hopeless(state: EventState, call: TicketCall, answer: TicketAnswer, open: Open): boolean {
  if (answer.outcome === 'refused') {
    const isMade = call.operation === 'hold' || call.operation === 'join';
    return isMade && answer.reason === 'ended' && !canHaveEnded(state, call.order, open);
  }
  switch (call.operation) {
    case 'read':
      return answer.shown !== undefined && !canBeShown(state, answer.shown, open);
    case 'pay':
      return answer.state === 'paid' && !canBePaid(state, call.payment, call.order, open);
    case 'hold': {
      const order = orderOf(state, call.order);
      return order ? !isWithin(order, answer.expiresAt) : !canStand(state, call.order, open);
    }
    case 'confirm':
      return !canStand(state, call.order, open);
    default:
      return false;
  }
}

/** An order that has ended does not come again. */
function canStand(state: EventState, id: string, open: Open): boolean {
  if (orderOf(state, id) || waiterOf(state, id)) return true;
  return !state.repeatable.includes(id) && open.some(({ call }) => makes(call, id));
}

function makes(call: TicketCall, id: string): boolean {
  return (call.operation === 'hold' || call.operation === 'join') && call.order === id;
}

/** The call that is refused so is among the open ones, and made nothing. */
function canHaveEnded(state: EventState, id: string, open: Open): boolean {
  if (orderOf(state, id) || waiterOf(state, id) || state.repeatable.includes(id)) return true;
  return open.filter(({ call }) => makes(call, id)).length > 1;
}

function canBePaid(state: EventState, payment: string, id: string, open: Open): boolean {
  const before = state.payments.find((known) => known.id === payment);
  if (before) return before.came === 'paid';
  const order = orderOf(state, id);
  return order ? order.state === 'held' : canStand(state, id, open);
}

function canBeShown(state: EventState, shown: EventShown, open: Open): boolean {
  return (
    shown.orders.every((order) => canBecome(state, order, open)) &&
    shown.waiting.every((id) => waiterOf(state, id) || (!orderOf(state, id) && canStand(state, id, open))) &&
    state.orders.every((order) => shown.orders.some(({ id }) => id === order.id) || canEnd(order, open))
  );
}

/** The order can come to be as it is shown. */
function canBecome(state: EventState, shown: Order, open: Open): boolean {
  const known = orderOf(state, shown.id);
  if (!known) return canStand(state, shown.id, open);
  const stages = STAGES.indexOf(shown.state) - STAGES.indexOf(known.state);
  if (stages < 0) return false;
  if (stages === 0 && shown.state === 'held' && !isWithin(known, shown.expiresAt)) return false;
  const isAsKnown = stages === 0 && known.owner === shown.owner;
  return isAsKnown || open.some(({ call }) => changes(call, shown.id));
}

function isWithin({ ends }: KnownOrder, expiresAt: unknown): boolean {
  return typeof expiresAt === 'number' && ends.lo <= expiresAt && expiresAt <= ends.hi;
}

function changes(call: TicketCall, id: string): boolean {
  return call.operation !== 'read' && call.order === id && !makes(call, id);
}

/** A hold runs out by itself. */
function canEnd({ id, state }: KnownOrder, open: Open): boolean {
  return state === 'held' || open.some(({ call }) => call.operation === 'refund' && call.order === id);
}
