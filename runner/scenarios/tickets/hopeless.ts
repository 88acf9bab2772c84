/** Answers that no order of what is still open can explain: orders do not come back, and what was paid stays until its refund. */
import type { EventShown, HoldCall, Order, TicketCall } from './calls.ts';
import { type EventState, isSeatFree, orderOf, type TicketAnswer, waiterOf } from './event-state.ts';

type Open = readonly { readonly call: TicketCall }[];

const STAGES = ['waiting', 'held', 'paid', 'sold'] as const;

export function isHopeless(state: EventState, call: TicketCall, answer: TicketAnswer, open: Open): boolean {
  if (answer.outcome === 'refused') return false;
  switch (call.operation) {
    case 'read':
      return answer.shown !== undefined && isReadHopeless(state, answer.shown, open);
    case 'pay':
      return answer.state === 'paid' && isPaymentHopeless(state, call.order, call.payment, open);
    case 'hold':
      return isHoldHopeless(state, call, open);
    case 'join':
      return isOver(state, call.order);
    default:
      return !mayStand(state, call.order, open);
  }
}

function isReadHopeless(state: EventState, { orders, waiting }: EventShown, open: Open): boolean {
  return (
    orders.some((order) => !mayStand(state, order.id, open) || isPast(state, order.id, order.state)) ||
    waiting.some((id) => !mayStand(state, id, open) || isPast(state, id, 'waiting')) ||
    state.orders.some(({ id }) => isBought(state, id, open) && !orders.some((order) => order.id === id))
  );
}

function isPaymentHopeless(state: EventState, order: string, payment: string, open: Open): boolean {
  const before = state.payments.find(({ id }) => id === payment);
  return before ? before.came !== 'paid' : !mayStand(state, order, open) || isPast(state, order, 'held');
}

function isHoldHopeless(state: EventState, { order, seats }: HoldCall, open: Open): boolean {
  if (orderOf(state, order)) return false;
  if (isOver(state, order)) return true;
  return state.orders.some(
    (one) => isBought(state, one.id, open) && !isSeatFree({ ...state, orders: [one] }, seats),
  );
}

/** It was made and has ended. */
function isOver(state: EventState, id: string): boolean {
  return state.repeatable.includes(id) && !orderOf(state, id) && !waiterOf(state, id);
}

/** It is there, or somebody may still make it. */
function mayStand(state: EventState, id: string, open: Open): boolean {
  if (orderOf(state, id) || waiterOf(state, id)) return true;
  return !isOver(state, id) && open.some(({ call }) => isMakingOf(call, id));
}

function isMakingOf(call: TicketCall, id: string): boolean {
  return (call.operation === 'hold' || call.operation === 'join') && call.order === id;
}

/** It is paid or sold, and nobody is about to have it refunded. */
function isBought(state: EventState, id: string, open: Open): boolean {
  const order = orderOf(state, id);
  if (!order || order.state === 'held') return false;
  return !open.some(({ call }) => call.operation === 'refund' && call.order === id);
}

/** The order has gone on from this stage. */
function isPast(state: EventState, id: string, stage: Order['state'] | 'waiting'): boolean {
  const order = orderOf(state, id);
  return order !== undefined && STAGES.indexOf(order.state) > STAGES.indexOf(stage);
}
