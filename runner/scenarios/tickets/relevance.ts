/**
 * Which pending calls can matter to which others at one event: false only when they are about different orders, and
 * neither about a seat, a place nor a citizen that both concern. It keeps the checker's search off hopeless orders.
 */
import type { EventShown, TicketCall } from './calls.ts';
import { type EventState, orderOf, type TicketAnswer, waiterOf } from './event-state.ts';
import { concerns, overlap, scopeOf } from './scope.ts';

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
  const isTied = isTiedByHold(state, pending, target);
  if (observes(pending, pendingAnswer) && observes(target, targetAnswer))
    return isTied || (state.waiting.length > 0 && isOfPlaces(state, pending) && isOfPlaces(state, target));
  if (pending.operation === 'read') return true;
  if (target.operation === 'read') {
    if (targetAnswer?.outcome !== 'ok' || !targetAnswer.shown) return false;
    const { shown } = targetAnswer;
    return isShownOtherwise(state, pending.order, shown) || isHindered(state, pending, shown);
  }
  if (isTied || pending.order === target.order) return true;
  return overlap(scopeOf(state, pending), scopeOf(state, target));
}

/** A hold concerns both: the one can tell, or take for granted, that it has run out, and the other that it has not. */
function isTiedByHold(state: EventState, pending: TicketCall, target: TicketCall): boolean {
  const [isPendings, isTargets] = [concerns(state, pending), concerns(state, target)];
  return state.orders.some((order) => order.state === 'held' && isPendings(order) && isTargets(order));
}

function isOfPlaces(state: EventState, call: TicketCall): boolean {
  return call.operation === 'read' || scopeOf(state, call).hasPlaces;
}

/** The order is not as it is shown. */
function isShownOtherwise(state: EventState, id: string, { orders, waiting }: EventShown): boolean {
  const shown = orders.find((order) => order.id === id);
  const known = orderOf(state, id);
  if (waiting.includes(id) !== (waiterOf(state, id) !== undefined)) return true;
  return shown?.state !== known?.state || shown?.owner !== known?.owner;
}

/** Something of what the call is about has ended, or was promoted, once the event is as it is shown. */
function isHindered(
  state: EventState,
  call: Exclude<TicketCall, { operation: 'read' }>,
  { orders, waiting }: EventShown,
): boolean {
  const matters = concerns(state, call);
  return (
    state.orders.some((one) => matters(one) && !orders.some(({ id }) => id === one.id)) ||
    (isOfPlaces(state, call) && state.waiting.some(({ id }) => !waiting.includes(id)))
  );
}
