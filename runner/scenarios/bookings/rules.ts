/** What the rules of a service mean for single calls, refusals and views of `bookings`. */
import { contradictionOf, type ServiceRules } from '../../../server/contract/index.ts';
import type { ShownBooking, SlotCall, SlotCancel } from './slot-call.ts';
import { activeOf, type Entry, type SlotState } from './slot-state.ts';

export type { ServiceRules };

type BookCall = Extract<SlotCall, { operation: 'book' }>;

/** The refusals of a booking, each by a reason of its own. */
export const REASONS = ['full', 'closed', 'already-booked'] as const;
/** The API does not say which of them it is. */
export const UNAVAILABLE = 'unavailable';
/** A cancel is refused alike whether there is no such booking or it is another's: APIs differ in what they tell. */
const CANCEL_REFUSALS: readonly string[] = ['no-such-booking', 'not-yours'];

/** @throws Error that says what to declare, for rules that contradict each other. */
export function checkRules(rules: Readonly<ServiceRules>): void {
  const contradiction = contradictionOf(rules);
  if (contradiction !== null) throw new Error(contradiction);
}

/** True when ids of bookings say something; where cancels name the citizen, or there are none, they are ignored. */
export function hasIds({ cancelsBy }: Readonly<ServiceRules>): boolean {
  return cancelsBy === 'booking';
}

/** True when only its citizen may cancel a booking that is named by its id. */
export function isOwnOnly(rules: Readonly<ServiceRules>): boolean {
  return rules.ownCancelOnly && hasIds(rules);
}

/** True when a cancel concerns bookings of the citizen only who asks. */
export function cancelsNameCitizens(rules: Readonly<ServiceRules>): boolean {
  return rules.ownCancelOnly || !hasIds(rules);
}

/** True when `call` may cancel bookings of this citizen. */
export function mayCancelFor(rules: Readonly<ServiceRules>, call: SlotCancel, citizen: string): boolean {
  return !cancelsNameCitizens(rules) || call.citizen === citizen;
}

/** True when a book is rightly refused for this reason in the state, unless its key has a booking already. */
export function isForbidden(
  rules: Readonly<ServiceRules>,
  state: SlotState,
  { citizen }: BookCall,
  reason: string,
): boolean {
  switch (reason) {
    case 'full':
      return state.seats >= state.capacity;
    case 'closed':
      return !state.open;
    case 'already-booked':
      return rules.onePerCitizen && activeOf(state, citizen) !== undefined;
    case UNAVAILABLE:
      return isTaken(rules, state, citizen);
    default:
      return false;
  }
}

/** True when some reason forbids the citizen a new booking. */
export function isTaken(rules: Readonly<ServiceRules>, state: SlotState, citizen: string): boolean {
  if (!state.open || state.seats >= state.capacity) return true;
  return rules.onePerCitizen && activeOf(state, citizen) !== undefined;
}

export function refusesCancel(reason: string): boolean {
  return CANCEL_REFUSALS.includes(reason);
}

/** True when a view's row can be this active booking. */
export function fits(entry: Entry, { id, citizen }: ShownBooking, couldBeIt: boolean): boolean {
  if (citizen !== undefined && citizen !== entry.citizen) return false;
  return id === undefined || id === entry.id || couldBeIt;
}

/**
 * What a view shows of each booking, all alike: ids where every row has one and they say something, citizens where
 * every row has one; the number of bookings where there is neither.
 */
export function shownAlike(
  rules: Readonly<ServiceRules>,
  bookings: readonly ShownBooking[] | number | undefined,
): readonly ShownBooking[] | number | undefined {
  if (typeof bookings !== 'object') return bookings;
  const withIds = hasIds(rules) && bookings.every(({ id }) => isGiven(id));
  const withCitizens = bookings.every(({ citizen }) => isGiven(citizen));
  if (withIds && withCitizens) return bookings;
  if (withIds) return bookings.map(({ id }) => ({ id: id as string }));
  return withCitizens ? bookings.map(({ citizen }) => ({ citizen: citizen as string })) : bookings.length;
}

/** An adapter may say that it does not know with a null, too. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
