/** The reasons for which an event's state lets a call be refused. */
import type { When } from '../../public.ts';
import type { HoldCall, JoinCall, TicketCall, TransferCall } from './calls.ts';
import {
  countOf,
  type EventState,
  freePlaces,
  isSeatFree,
  orderOf,
  sizeOf,
  waiterOf,
} from './event-state.ts';

/** All that are true; none when the call has to be done. */
export function refusalsOf(state: EventState, call: TicketCall, when: When): string[] {
  switch (call.operation) {
    case 'hold':
    case 'join':
      return refusalsToMake(state, call, when);
    case 'transfer':
      return refusalsToTransfer(state, call);
    case 'confirm':
      return confirmRefusals(state, call.order);
    case 'release':
      return orderOf(state, call.order)?.state === 'held' ? [] : ['not-held'];
    case 'refund':
      return (orderOf(state, call.order)?.state ?? 'held') === 'held' ? ['not-sold'] : [];
    case 'leave':
      return waiterOf(state, call.order)?.dueSince === null ? [] : ['not-waiting'];
    case 'pay':
    case 'read':
      return [];
  }
}

function refusalsToMake(state: EventState, call: HoldCall | JoinCall, when: When): string[] {
  if (orderOf(state, call.order) || waiterOf(state, call.order)) return [];
  if (state.repeatable.includes(call.order)) return ['ended'];
  const reasons: string[] = [];
  if (when.from < state.event.opensAt) reasons.push('not-open');
  if (isOverQuota(state, call)) reasons.push('quota');
  if (call.operation === 'join') {
    if (arePlacesLeft(state, 1)) reasons.push('available');
  } else if (!isSeatFree(state, call.seats) || !arePlacesFree(state, call.places)) {
    reasons.push('taken');
  }
  return reasons;
}

/** True when the order or the wait can have been made. */
export function canBeMade(state: EventState, call: HoldCall | JoinCall, when: When): boolean {
  if (orderOf(state, call.order) || waiterOf(state, call.order)) return false;
  if (state.repeatable.includes(call.order)) return false;
  if (when.to < state.event.opensAt || isOverQuota(state, call)) return false;
  if (call.operation === 'join') return !arePlacesFree(state, 1);
  return isSeatFree(state, call.seats) && arePlacesLeft(state, call.places);
}

function isOverQuota(state: EventState, call: HoldCall | JoinCall): boolean {
  const size = call.operation === 'hold' ? sizeOf(call) : 1;
  return countOf(state, call.citizen) + size > state.event.quota;
}

/** For certain: nobody gets a place while others wait for one. */
function arePlacesFree(state: EventState, places: number): boolean {
  return places === 0 || (state.waiting.length === 0 && freePlaces(state) >= places);
}

/** Once those who are due are promoted, as they may be by now. */
function arePlacesLeft(state: EventState, places: number): boolean {
  if (places === 0) return true;
  const isDue = state.waiting.every(({ dueSince }) => dueSince !== null);
  return isDue && freePlaces(state) - state.waiting.length >= places;
}

function refusalsToTransfer(state: EventState, { order: id, citizen, to }: TransferCall): string[] {
  const order = orderOf(state, id);
  if (order?.state !== 'sold') return ['not-sold'];
  const reasons: string[] = [];
  if (order.owner !== citizen) reasons.push('not-owner');
  if (countOf(state, to, id) + sizeOf(order) > state.event.quota) reasons.push('quota');
  return reasons;
}

/** An offer that may have been made already is unpaid, one that may not is not known. */
function confirmRefusals(state: EventState, id: string): string[] {
  const order = orderOf(state, id);
  if (order) return order.state === 'held' ? ['unpaid'] : [];
  return (waiterOf(state, id)?.dueSince ?? null) === null ? ['ended'] : ['ended', 'unpaid'];
}
