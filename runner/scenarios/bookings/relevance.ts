/**
 * Which pending calls can matter to which others in one slot: false only when doing the one before the
 * other can neither help the other nor save the one. It keeps the checker's search off hopeless orders.
 */
import { cancelsNameCitizens, hasIds, type ServiceRules, UNAVAILABLE } from './rules.ts';
import type { SlotAnswer, SlotCall, SlotCancel } from './slot-call.ts';
import { activeOf, entriesOf, entryOfId, type SlotState } from './slot-state.ts';

type Rules = Readonly<ServiceRules>;
type Ok = Extract<SlotAnswer, { outcome: 'ok' }>;
type Maybe<T> = T | undefined;

/** True when `call` with this answer changes nothing by itself; an answer that is not known may have. */
function observes(call: SlotCall, answer: Maybe<SlotAnswer>): boolean {
  return answer?.outcome === 'refused' || call.operation === 'read' || call.operation === 'count';
}

export function relevant(
  rules: Rules,
  state: SlotState,
  pending: SlotCall,
  pendingAnswer: Maybe<SlotAnswer>,
  target: SlotCall,
  targetAnswer: Maybe<SlotAnswer>,
): boolean {
  if (observes(target, targetAnswer)) {
    return (
      !observes(pending, pendingAnswer) && helps(rules, state, pending, pendingAnswer, target, targetAnswer)
    );
  }
  if (observes(pending, pendingAnswer))
    return isHindered(rules, pending, pendingAnswer, target, targetAnswer as Maybe<Ok>);
  return isOrdered(rules, state, pending, pendingAnswer as Maybe<Ok>, target);
}

/** Could the change `pending` help `target` to see what it answered? */
function helps(
  rules: Rules,
  state: SlotState,
  pending: SlotCall,
  pendingAnswer: Maybe<SlotAnswer>,
  target: SlotCall,
  answer: Maybe<SlotAnswer>,
): boolean {
  if (!answer) return false;
  if (answer.outcome === 'refused') return helpsRefusal(rules, state, pending, target, answer.reason);
  if (pending.operation === 'open') return !state.open;
  if (pending.operation === 'close') return state.open && answer.open === false;
  const shown = answer.bookings;
  if (typeof shown === 'number')
    return pending.operation === 'book' ? shown > state.seats : shown < state.seats;
  if (!shown) return true;
  if (pending.operation === 'book') {
    const id = hasIds(rules) ? (pendingAnswer as Maybe<Ok>)?.booking : undefined;
    return shown.some(
      (b) =>
        (b.citizen === undefined || b.citizen === pending.citizen) &&
        (id === undefined || b.id === undefined || id === b.id),
    );
  }
  return pending.operation === 'cancel' && !shown.some((b) => b.id === pending.booking);
}

function helpsRefusal(
  rules: Rules,
  state: SlotState,
  pending: SlotCall,
  target: SlotCall,
  reason: string,
): boolean {
  if (target.operation === 'cancel') return pending.operation === 'cancel' && isAlike(rules, pending, target);
  if (target.operation !== 'book') return false;
  const mayBe = (one: string) => reason === one || reason === UNAVAILABLE;
  if (pending.operation === 'close') return mayBe('closed') && state.open;
  if (reason === 'closed') return false;
  if (pending.operation === 'open') return !state.open;
  if (pending.operation === 'cancel') return mayBe('already-booked') && state.seats >= state.capacity;
  if (pending.operation !== 'book') return false;
  const same = pending.citizen === target.citizen;
  if (mayBe('full') && state.seats < state.capacity && !(same && pending.key === target.key)) return true;
  return reason !== 'full' && same && pending.key !== target.key;
}

/** Two cancels that may end the same booking. */
function isAlike(rules: Rules, a: SlotCancel, b: SlotCancel): boolean {
  return hasIds(rules) ? a.booking === b.booking : a.citizen === b.citizen;
}

/** Could the change `target` take away what `pending` saw? */
function isHindered(
  rules: Rules,
  pending: SlotCall,
  answer: Maybe<SlotAnswer>,
  target: SlotCall,
  targetAnswer: Maybe<Ok>,
): boolean {
  if (!answer) return false;
  if (answer.outcome === 'refused')
    return isRefusalHindered(rules, pending, answer.reason, target, targetAnswer);
  if (target.operation === 'open' || target.operation === 'close')
    return answer.open !== (target.operation === 'open');
  const shown = answer.bookings;
  if (typeof shown === 'number' || !shown) return true;
  if (target.operation === 'cancel') return shown.some((b) => b.id === undefined || b.id === target.booking);
  const id = targetAnswer?.booking;
  return id === undefined || !shown.some((b) => b.id === id);
}

function isRefusalHindered(
  rules: Rules,
  pending: SlotCall,
  reason: string,
  target: SlotCall,
  targetAnswer: Maybe<Ok>,
): boolean {
  switch (target.operation) {
    case 'open':
      return reason === 'closed' || reason === UNAVAILABLE;
    case 'cancel':
      return reason === 'full' || reason === 'already-booked' || reason === UNAVAILABLE;
    case 'book':
      if (pending.operation === 'cancel') {
        if (!hasIds(rules)) return pending.citizen === target.citizen;
        return targetAnswer?.booking === undefined || targetAnswer.booking === pending.booking;
      }
      return pending.operation === 'book' && pending.citizen === target.citizen && pending.key === target.key;
    default:
      return false;
  }
}

/** Two changes: could `pending` help `target`, or be impossible or different after it? */
function isOrdered(
  rules: Rules,
  state: SlotState,
  pending: SlotCall,
  pendingAnswer: Maybe<Ok>,
  target: SlotCall,
): boolean {
  switch (target.operation) {
    case 'open':
      return pending.operation === 'close';
    case 'close':
      return pending.operation === 'open' || pending.operation === 'book';
    case 'book':
      if (pending.operation === 'open') return !state.open;
      if (pending.operation === 'cancel') {
        if (state.seats >= state.capacity || activeOf(state, target.citizen) !== undefined) return true;
        return !hasIds(rules) && pending.citizen === target.citizen;
      }
      if (pending.operation !== 'book') return false;
      if (pending.citizen === target.citizen) return pending.key !== target.key;
      return state.capacity - state.seats <= 1;
    case 'cancel': {
      if (!hasIds(rules)) {
        const isSame = pending.operation === 'book' || pending.operation === 'cancel';
        return isSame && pending.citizen === target.citizen;
      }
      if (pending.operation !== 'book' || entryOfId(state, target.booking)) return false;
      return pendingAnswer?.booking === undefined || pendingAnswer.booking === target.booking;
    }
    default:
      return true;
  }
}

/**
 * Bookings for citizens of whom nothing else is known or under way are alike: which of them took a seat
 * makes no difference to anything. So are two calls to open, or to close.
 */
export function likeness(
  rules: Rules,
  state: SlotState,
  call: SlotCall,
  others: readonly { readonly call: SlotCall; readonly answer: Maybe<SlotAnswer> }[],
): string | null {
  if (call.operation === 'open' || call.operation === 'close') return call.operation;
  if (call.operation !== 'book') return null;
  if (entriesOf(state, call.citizen).length > 0) return null;
  // The call itself is among the others once; a duplicate of it may be the very same value.
  const self = others.findIndex((other) => other.call === call);
  const isNamed = others.some(
    (other, i) => i !== self && names(rules, other.call, other.answer, call.citizen),
  );
  return isNamed ? null : 'book';
}

function names(rules: Rules, call: SlotCall, answer: Maybe<SlotAnswer>, citizen: string): boolean {
  if (call.operation === 'book') return call.citizen === citizen;
  if (call.operation === 'cancel') return cancelsNameCitizens(rules) && call.citizen === citizen;
  if (answer?.outcome !== 'ok' || typeof answer.bookings !== 'object') return false;
  return answer.bookings.some((booking) => booking.citizen === citizen);
}
