/**
 * What can be ruled out early: an answer that the resource cannot come to give from a state, whatever the calls still
 * open do. True only when that is certain, so that the checker turns back at once.
 */
import type { Range, Stay } from './calls.ts';
import {
  collides,
  freeUnits,
  hasWay,
  isEmpty,
  isSame,
  madeBy,
  type ResourceAnswer,
  type ResourceCall,
  type ResourceState,
  stayOf,
} from './resource.ts';

type Calendar = NonNullable<Extract<ResourceAnswer, { outcome: 'ok' }>['calendar']>;

/** A call that may still take effect before the answer in question is given; it itself may be among them. */
export interface Open {
  readonly call: ResourceCall;
  readonly answer: ResourceAnswer | undefined;
}

export function hopeless(
  state: ResourceState,
  call: ResourceCall,
  answer: ResourceAnswer,
  open: readonly Open[],
): boolean {
  const others = open.filter((one) => mayChange(one) && !(one.call === call && one.answer === answer));
  if (answer.outcome === 'refused') return isRefusalHopeless(state, call, answer.reason, others);
  switch (call.operation) {
    case 'read':
      return !answer.calendar || isViewHopeless(state, answer.calendar, others);
    case 'search':
      return isEmpty(call) || isSearchHopeless(state, call, answer.units ?? [], others);
    case 'take':
      return isTakeHopeless(state, call, answer.units ?? [], others);
    case 'enter':
      return isPlaceHopeless(state, call, answer.units?.[0], others);
    case 'leave':
      return !mayBeHere(state, call.id, others);
    case 'move':
      return !mayBeHere(state, call.id, others) || isPlaceHopeless(state, call, answer.units?.[0], others);
    case 'resize':
      return !mayBeHere(state, call.id, others) || isResizeHopeless(state, call, others);
  }
}

function isRefusalHopeless(
  state: ResourceState,
  call: ResourceCall,
  reason: string,
  open: readonly Open[],
): boolean {
  if (reason === 'no-such-booking') {
    if (call.operation !== 'leave' && call.operation !== 'move' && call.operation !== 'resize') return true;
    return stayOf(state, call.id) !== undefined && !mayLeave(call.id, open);
  }
  if (call.operation === 'take') {
    if (madeBy(state, call.takes) !== null) return true;
    if (call.takes.some(isEmpty)) return reason !== 'empty-range';
    return reason !== 'taken' || (hasWay(state, call) && !call.takes.some((t) => mayAdd(state, t, open)));
  }
  if (call.operation === 'resize') return false;
  if (call.operation === 'read' || call.operation === 'leave') return true;
  if (isEmpty(call)) return reason !== 'empty-range';
  if (call.operation === 'search' || reason !== 'taken') return true;
  return freeUnits(state, call, call.id).length > 0 && !mayAdd(state, call, open);
}

function isTakeHopeless(
  state: ResourceState,
  { takes }: Extract<ResourceCall, { operation: 'take' }>,
  units: readonly number[],
  open: readonly Open[],
): boolean {
  const made = madeBy(state, takes);
  if (made !== null) return made !== units.join();
  return takes.some((take, i) => isPlaceHopeless(state, take, units[i], open));
}

function isPlaceHopeless(
  state: ResourceState,
  wanted: Range & { readonly id: string },
  unit: number | undefined,
  open: readonly Open[],
): boolean {
  if (isEmpty(wanted) || unit === undefined || unit < 1 || unit > state.units) return true;
  return isBlocked(state, { ...wanted, unit }, open);
}

function isResizeHopeless(
  state: ResourceState,
  { id, to }: Extract<ResourceCall, { operation: 'resize' }>,
  open: readonly Open[],
): boolean {
  const stay = stayOf(state, id);
  if (!stay || open.some(({ call }) => names(call, id))) return false;
  return stay.from >= to || isBlocked(state, { ...stay, to }, open);
}

function isViewHopeless(
  state: ResourceState,
  { units, buffer, bookings }: Calendar,
  open: readonly Open[],
): boolean {
  if (units !== state.units || buffer !== state.buffer) return true;
  const shown = new Map(bookings.map((stay) => [stay.id, stay]));
  if (state.stays.some(({ id }) => !shown.has(id) && !mayLeave(id, open))) return true;
  return bookings.some((stay) => {
    const known = stayOf(state, stay.id);
    return !(known && isSame(known, stay)) && !open.some(({ call }) => names(call, stay.id));
  });
}

function isSearchHopeless(
  state: ResourceState,
  range: Range,
  shown: readonly number[],
  open: readonly Open[],
): boolean {
  if (shown.some((unit) => isBlocked(state, { ...range, id: '', unit }, open))) return true;
  return freeUnits(state, range).some((unit) => !shown.includes(unit)) && !mayAdd(state, range, open);
}

/** True when a booking that stays where it is stands in the way. */
function isBlocked(state: ResourceState, wanted: Stay, open: readonly Open[]): boolean {
  return state.stays.some(
    (stay) =>
      stay.unit === wanted.unit &&
      stay.id !== wanted.id &&
      collides(stay, wanted, state.buffer) &&
      !open.some(({ call }) => names(call, stay.id)),
  );
}

function mayChange({ call, answer }: Open): boolean {
  return call.operation !== 'read' && call.operation !== 'search' && answer?.outcome !== 'refused';
}

function mayBeHere(state: ResourceState, id: string, open: readonly Open[]): boolean {
  if (stayOf(state, id)) return true;
  return open.some(
    ({ call }) => (call.operation === 'take' || call.operation === 'enter') && names(call, id),
  );
}

function mayLeave(id: string, open: readonly Open[]): boolean {
  return open.some(({ call }) => call.operation === 'leave' && call.id === id);
}

/** True when one of them may take a part of this time. */
function mayAdd({ buffer }: ResourceState, range: Range, open: readonly Open[]): boolean {
  return open.some(({ call }) => {
    if (call.operation === 'take') return call.takes.some((take) => collides(take, range, buffer));
    if (call.operation === 'enter' || call.operation === 'move') return collides(call, range, buffer);
    return call.operation === 'resize' && range.from < call.to + buffer;
  });
}

function names(call: ResourceCall, id: string): boolean {
  if (call.operation === 'take') return call.takes.some((take) => take.id === id);
  return 'id' in call && call.id === id;
}
