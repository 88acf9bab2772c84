/**
 * What can be ruled out early: an answer that the slot cannot come to give from a state, whatever the
 * calls still open do. True only when that is certain, so that the checker turns back at once.
 */
import { fits, hasIds, isOwnOnly, mayCancelFor, type ServiceRules, UNAVAILABLE } from './rules.ts';
import type { ShownBooking, SlotAnswer, SlotCall, SlotCancel } from './slot-call.ts';
import {
  activeOf,
  couldBe,
  type Entry,
  entriesOf,
  entryOfId,
  entryOfKey,
  type SlotState,
} from './slot-state.ts';

type Ok = Extract<SlotAnswer, { outcome: 'ok' }>;
type Maybe<T> = T | undefined;
type BookCall = Extract<SlotCall, { operation: 'book' }>;
type Rules = Readonly<ServiceRules>;

/** A call that may still take effect before the answer in question is given. */
export interface OpenCall {
  readonly call: SlotCall;
  readonly answer: SlotAnswer | undefined;
}

export function hopeless(
  rules: Rules,
  state: SlotState,
  call: SlotCall,
  answer: SlotAnswer,
  open: readonly OpenCall[],
): boolean {
  switch (call.operation) {
    case 'book':
      return answer.outcome === 'ok'
        ? isBookingHopeless(rules, state, call, answer.booking, open)
        : isRefusalHopeless(rules, state, call, answer.reason, open);
    case 'cancel':
      return isCancelHopeless(rules, state, call, answer, open);
    case 'read':
    case 'count':
      return answer.outcome === 'ok' && isViewHopeless(rules, state, answer, open);
    case 'open':
    case 'close':
      return false;
  }
}

function isBookingHopeless(
  rules: Rules,
  state: SlotState,
  call: BookCall,
  id: string | undefined,
  open: readonly OpenCall[],
): boolean {
  const own = entryOfKey(state, call.citizen, call.key);
  if (hasIds(rules)) {
    if (id === undefined) return true;
    if (own) return own.id !== id && !couldBe(own, id);
    if (entryOfId(state, id)) return true;
  } else if (own) return false;
  if (!state.open && !open.some(({ call: c }) => c.operation === 'open')) return true;
  if (state.seats >= state.capacity && !open.some(mayCancel)) return true;
  const other = rules.onePerCitizen ? activeOf(state, call.citizen) : undefined;
  return other !== undefined && !canBeCancelled(rules, state, open, other);
}

function isRefusalHopeless(
  rules: Rules,
  state: SlotState,
  call: BookCall,
  reason: string,
  open: readonly OpenCall[],
): boolean {
  if (entryOfKey(state, call.citizen, call.key)) return true;
  const canClose = () => !state.open || open.some((o) => o.call.operation === 'close');
  const canFill = () => !isShortOf(open, mayBook, state.capacity - state.seats);
  const canHold = () =>
    rules.onePerCitizen &&
    (activeOf(state, call.citizen) !== undefined || open.some((o) => mayBookFor(o, call.citizen)));
  if (reason === 'closed') return !canClose();
  if (reason === 'full') return !canFill();
  return !canHold() && (reason !== UNAVAILABLE || (!canClose() && !canFill()));
}

function isCancelHopeless(
  rules: Rules,
  state: SlotState,
  call: SlotCancel,
  answer: SlotAnswer,
  open: readonly OpenCall[],
): boolean {
  if (answer.outcome === 'ok' && rules.secondCancel === 'ok') return false;
  const { booking: id, citizen = '' } = call;
  const isMine = (entry: Entry) => mayCancelFor(rules, call, entry.citizen);
  const entry = hasIds(rules) ? entryOfId(state, id) : activeOf(state, citizen);
  if (answer.outcome === 'refused')
    return entry?.active === true && isMine(entry) && !canBeCancelled(rules, state, open, entry);
  if (entry) return !entry.active || !isMine(entry);
  if (!hasIds(rules)) return !open.some((o) => mayBookFor(o, citizen));
  return (
    !state.entries.some((e) => couldBe(e, id) && isMine(e)) &&
    !open.some((o) => mayBookAs(o, id) && (!isOwnOnly(rules) || mayBookFor(o, citizen)))
  );
}

function isViewHopeless(rules: Rules, state: SlotState, answer: Ok, open: readonly OpenCall[]): boolean {
  const { bookings: shown, capacity = state.capacity } = answer;
  if (answer.missing || shown === undefined || capacity !== state.capacity) return true;
  if (rules.closing && answer.open !== undefined) {
    const wanted = answer.open ? 'open' : 'close';
    if (answer.open !== state.open && !open.some((o) => o.call.operation === wanted)) return true;
  }
  if (typeof shown !== 'number') return isListHopeless(rules, state, shown, open);
  return isShortOf(open, mayBook, shown - state.seats) || isShortOf(open, mayCancel, state.seats - shown);
}

function isListHopeless(
  rules: Rules,
  state: SlotState,
  shown: readonly ShownBooking[],
  open: readonly OpenCall[],
): boolean {
  if (shown.some((row) => !canCome(state, row, open))) return true;
  const rowsOf = rowsFinder(shown);
  return state.entries.some(
    (entry) =>
      entry.active &&
      !rowsOf(entry).some((row) => fits(entry, row, row.id !== undefined && couldBe(entry, row.id))) &&
      !canBeCancelled(rules, state, open, entry),
  );
}

/** True when this row is of an active booking, or of one that can still be made. */
function canCome(state: SlotState, { id, citizen }: ShownBooking, open: readonly OpenCall[]): boolean {
  const entry = id === undefined ? undefined : entryOfId(state, id);
  if (entry) return entry.active && (citizen === undefined || entry.citizen === citizen);
  const those = citizen === undefined ? state.entries : entriesOf(state, citizen);
  if (those.some((e) => (id === undefined ? e.active : couldBe(e, id)))) return true;
  return open.some(
    (o) =>
      (id === undefined ? mayBook(o) : mayBookAs(o, id)) && (citizen === undefined || mayBookFor(o, citizen)),
  );
}

/** From so many rows on, those of a booking are found by an index. */
const INDEXED = 24;

/** Finds the rows that may show a booking; of long lists those with its citizen, or its id. */
function rowsFinder(shown: readonly ShownBooking[]): (entry: Entry) => readonly ShownBooking[] {
  if (shown.length < INDEXED) return () => shown;
  const isNamed = shown[0]?.citizen !== undefined;
  const index = new Map<string, ShownBooking[]>();
  for (const row of shown) {
    const name = (isNamed ? row.citizen : row.id) ?? '';
    const rows = index.get(name);
    if (rows) rows.push(row);
    else index.set(name, [row]);
  }
  return ({ citizen, id }) => {
    if (isNamed) return index.get(citizen) ?? [];
    return id === null ? shown : (index.get(id) ?? []);
  };
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

function mayBookFor(open: OpenCall, citizen: string): boolean {
  return mayBook(open) && (open.call as BookCall).citizen === citizen;
}

function mayBookAs(open: OpenCall, id: string): boolean {
  return mayBook(open) && (open.answer === undefined || (open.answer as Ok).booking === id);
}

function mayCancel({ call, answer }: OpenCall): boolean {
  return call.operation === 'cancel' && answer?.outcome !== 'refused';
}

/** An id that another booking has, or will be given, is not that of `entry`. */
function mayCancelEntry(
  rules: Rules,
  state: SlotState,
  open: readonly OpenCall[],
  { call, answer }: OpenCall,
  entry: Entry,
): boolean {
  if (call.operation !== 'cancel' || answer?.outcome === 'refused') return false;
  if (!mayCancelFor(rules, call, entry.citizen)) return false;
  if (!hasIds(rules)) return true;
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
function canBeCancelled(rules: Rules, state: SlotState, open: readonly OpenCall[], entry: Entry): boolean {
  return open.some((o) => mayCancelEntry(rules, state, open, o, entry));
}
