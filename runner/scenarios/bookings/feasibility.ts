/**
 * What can be ruled out early: an answer that the slot cannot come to give from a state, whatever the
 * calls still open do. True only when that is certain, so that the checker turns back at once.
 */
import type { SlotAnswer, SlotCall } from './slot-call.ts';
import { activeOf, couldBe, type Entry, entryOfId, entryOfKey, type SlotState } from './slot-state.ts';

type Ok = Extract<SlotAnswer, { outcome: 'ok' }>;
type Maybe<T> = T | undefined;
type BookCall = Extract<SlotCall, { operation: 'book' }>;

/** A call that may still take effect before the answer in question is given. */
export interface OpenCall {
  readonly call: SlotCall;
  readonly answer: SlotAnswer | undefined;
}

export function hopeless(
  state: SlotState,
  call: SlotCall,
  answer: SlotAnswer,
  open: readonly OpenCall[],
): boolean {
  switch (call.operation) {
    case 'book':
      return answer.outcome === 'ok'
        ? isBookingHopeless(state, call, answer.booking, open)
        : isRefusalHopeless(state, call, answer.reason, open);
    case 'cancel':
      return isCancelHopeless(state, call.booking, answer, open);
    case 'read':
    case 'count':
      return answer.outcome === 'ok' && isViewHopeless(state, answer, open);
    case 'open':
    case 'close':
      return false;
  }
}

function isBookingHopeless(
  state: SlotState,
  call: BookCall,
  id: string | undefined,
  open: readonly OpenCall[],
): boolean {
  if (id === undefined) return true;
  const own = entryOfKey(state, call.citizen, call.key);
  if (own) return own.id !== id && !couldBe(own, id);
  if (entryOfId(state, id)) return true;
  if (!state.open && !open.some(({ call: c }) => c.operation === 'open')) return true;
  if (state.seats >= state.capacity && !open.some(mayCancel)) return true;
  const other = activeOf(state, call.citizen);
  return other !== undefined && !canBeCancelled(state, open, other);
}

function isRefusalHopeless(
  state: SlotState,
  call: BookCall,
  reason: string,
  open: readonly OpenCall[],
): boolean {
  if (entryOfKey(state, call.citizen, call.key)) return true;
  if (reason === 'closed') return state.open && !open.some((o) => o.call.operation === 'close');
  if (reason === 'full') return isShortOf(open, mayBook, state.capacity - state.seats);
  return (
    !activeOf(state, call.citizen) &&
    !open.some((o) => mayBook(o) && (o.call as BookCall).citizen === call.citizen)
  );
}

function isCancelHopeless(
  state: SlotState,
  id: string,
  answer: SlotAnswer,
  open: readonly OpenCall[],
): boolean {
  if (answer.outcome === 'ok' && answer.again) return false;
  const entry = entryOfId(state, id);
  if (answer.outcome === 'refused') return entry?.active === true && !canBeCancelled(state, open, entry);
  if (entry) return !entry.active;
  return !state.entries.some((e) => couldBe(e, id)) && !open.some((o) => mayBookAs(o, id));
}

function isViewHopeless(state: SlotState, answer: Ok, open: readonly OpenCall[]): boolean {
  if (answer.capacity !== state.capacity) return true;
  const wanted = answer.open ? 'open' : 'close';
  if (answer.open !== state.open && !open.some((o) => o.call.operation === wanted)) return true;
  const shown = answer.bookings;
  if (shown === undefined) return true;
  if (typeof shown !== 'number') return isListHopeless(state, shown, open);
  return isShortOf(open, mayBook, shown - state.seats) || isShortOf(open, mayCancel, state.seats - shown);
}

function isListHopeless(
  state: SlotState,
  shown: readonly { readonly id: string; readonly citizen: string }[],
  open: readonly OpenCall[],
): boolean {
  for (const { id, citizen } of shown) {
    const entry = entryOfId(state, id);
    if (entry) {
      if (!entry.active || entry.citizen !== citizen) return true;
      continue;
    }
    if (state.entries.some((e) => e.citizen === citizen && couldBe(e, id))) continue;
    if (!open.some((o) => mayBookAs(o, id) && (o.call as BookCall).citizen === citizen)) return true;
  }
  return state.entries.some(
    (entry) =>
      entry.active &&
      !shown.some((b) => b.citizen === entry.citizen && (b.id === entry.id || couldBe(entry, b.id))) &&
      !canBeCancelled(state, open, entry),
  );
}

/** True when `open` has fewer than `needed` calls of this kind. */
function isShortOf(
  open: readonly OpenCall[],
  isOfKind: (open: OpenCall) => boolean,
  needed: number,
): boolean {
  let missing = needed;
  for (let i = 0; missing > 0 && i < open.length; i++) if (isOfKind(open[i] as OpenCall)) missing--;
  return missing > 0;
}

function mayBook({ call, answer }: OpenCall): boolean {
  return call.operation === 'book' && answer?.outcome !== 'refused';
}

function mayBookAs(open: OpenCall, id: string): boolean {
  return mayBook(open) && (open.answer === undefined || (open.answer as Ok).booking === id);
}

function mayCancel({ call, answer }: OpenCall): boolean {
  return call.operation === 'cancel' && answer?.outcome !== 'refused';
}

/** An id that another booking has, or will be given, is not that of `entry`. */
function mayCancelEntry(
  state: SlotState,
  open: readonly OpenCall[],
  { call, answer }: OpenCall,
  entry: Entry,
): boolean {
  if (call.operation !== 'cancel' || answer?.outcome === 'refused') return false;
  if (entry.id !== null) return entry.id === call.booking;
  if (!couldBe(entry, call.booking) || entryOfId(state, call.booking)) return false;
  // Only a book gives an id out: a cancel names in its answer the id that it was asked to cancel.
  return !open.some(
    (o) =>
      o.call.operation === 'book' &&
      (o.answer as Maybe<Ok>)?.booking === call.booking &&
      !isBookingOf(o.call, entry),
  );
}

function isBookingOf(call: SlotCall, entry: Entry): boolean {
  return (
    call.operation === 'book' &&
    call.citizen === entry.citizen &&
    (entry.key === null || entry.key === call.key)
  );
}

/** True when some call may cancel `entry`. */
function canBeCancelled(state: SlotState, open: readonly OpenCall[], entry: Entry): boolean {
  return open.some((o) => mayCancelEntry(state, open, o, entry));
}
