/**
 * Which pending calls can matter to which others at one event: false only when they are about different orders, and
 * neither about a seat, a place nor a citizen that both concern. It keeps the checker's search off hopeless orders.
 */
import type { TicketCall } from './calls.ts';
import { type EventState, orderOf, type TicketAnswer, waiterOf } from './event-state.ts';
import { overlap, scopeOf } from './scope.ts';

/** True when `call` with this answer changes nothing by itself; an answer that is not known may have. */
export function observes(call: TicketCall, answer: TicketAnswer | undefined): boolean {
  return call.operation === 'read' || answer?.outcome === 'refused';
}

/** True when the call can change nothing any more. Citizens ask for nothing of an order that was not made. */
export function isSpent(state: EventState, call: TicketCall): boolean {
  switch (call.operation) {
    case 'read':
      return true;
    case 'hold':
    case 'join':
      return state.repeatable.includes(call.order);
    case 'pay':
      return call.status === 'failed' || state.payments.some(({ id }) => id === call.payment);
    case 'leave':
      return !waiterOf(state, call.order);
    default:
      return !orderOf(state, call.order) && !waiterOf(state, call.order);
  }
}

export function relevant(
  state: EventState,
  pending: TicketCall,
  pendingAnswer: TicketAnswer | undefined,
  target: TicketCall,
  targetAnswer: TicketAnswer | undefined,
): boolean {
  // What a look tells of a hold that has run out, another one may have to come before.
  if (observes(pending, pendingAnswer) && observes(target, targetAnswer))
    return state.orders.some((order) => order.state === 'held');
  if (pending.operation === 'read' || target.operation === 'read') return true;
  if (pending.order === target.order) return true;
  return overlap(scopeOf(state, pending), scopeOf(state, target));
}
