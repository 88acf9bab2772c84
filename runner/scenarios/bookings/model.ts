/** The sequential model of one slot of `bookings`: which answers are right by the service's rules, and what each call changes. */
import type { ServiceRules } from '../../../server/contract/index.ts';
import type { Effect, SequentialModel } from '../../checkers/model.ts';
import { hopeless } from './feasibility.ts';
import { likeness, relevant } from './relevance.ts';
import {
  hasIds,
  isForbidden,
  isOwnOnly,
  isTaken,
  mayCancelFor,
  REASONS,
  refusesCancel,
  UNAVAILABLE,
} from './rules.ts';
import type { SlotAnswer, SlotCall, SlotCancel } from './slot-call.ts';
import {
  activeOf,
  couldBe,
  type Entry,
  entryOfId,
  entryOfKey,
  type SlotState,
  slotKey,
  withBooking,
  withId,
  withKeyForgotten,
  withOpen,
  withoutBooking,
  withoutId,
  withView,
} from './slot-state.ts';

export type BookingsModel = SequentialModel<SlotState, SlotCall, SlotAnswer>;

type Ok = Extract<SlotAnswer, { outcome: 'ok' }>;
type BookCall = Extract<SlotCall, { operation: 'book' }>;
type Rules = Readonly<ServiceRules>;

const REFUSALS: readonly string[] = [...REASONS, UNAVAILABLE];
const NONE: readonly never[] = [];

/** The model of a run whose service has these rules; they are read whenever it judges, so they may still be learned. */
export function bookingsModel(rules: Rules): BookingsModel {
  return {
    initial,

    apply(state, call, answer) {
      if (answer.outcome === 'refused') return refused(rules, state, call, answer.reason);
      switch (call.operation) {
        case 'book':
          return book(rules, state, call, answer.booking);
        case 'cancel':
          return cancelled(rules, state, call)[0] ?? null;
        case 'open':
          return withOpen(state, true);
        case 'close':
          return withOpen(state, false);
        case 'read':
        case 'count':
          return view(rules, state, answer);
      }
    },

    alternatives(state, call, answer) {
      if (call.operation !== 'cancel' || answer.outcome !== 'ok') return NONE;
      const all = cancelled(rules, state, call);
      return all.length > 1 ? all.slice(1) : NONE;
    },

    effects(state, call): readonly Effect<SlotState>[] {
      switch (call.operation) {
        case 'book': {
          if (isTaken(rules, state, call.citizen) || entryOfKey(state, call.citizen, call.key)) return NONE;
          const after = withBooking(state, call.citizen, call.key, null);
          return after ? [{ state: after, outcome: 'booked' }] : NONE;
        }
        case 'cancel':
          return cancel(rules, state, call).map((after) => ({ state: after, outcome: 'cancelled' }));
        case 'open':
        case 'close': {
          const after = withOpen(state, call.operation === 'open');
          return after === state ? NONE : [{ state: after, outcome: 'switched' }];
        }
        case 'read':
        case 'count':
          return NONE;
      }
    },

    confirm(state, call, _outcome, answer) {
      if (answer.outcome !== 'ok') return null;
      if (call.operation !== 'book' || !hasIds(rules)) return state;
      if (answer.booking === undefined) return null;
      const entry = entryOfKey(state, call.citizen, call.key);
      // The key was forgotten while this request was under way: nothing is known any more to hold against it.
      return entry ? withId(state, entry, answer.booking) : state;
    },

    key: slotKey,
    describe: (state, call) => describe(rules, state, call),
    relevant: (...about) => relevant(rules, ...about),
    hopeless: (...about) => hopeless(rules, ...about),
    likeness: (...about) => likeness(rules, ...about),

    observes: (call, answer) =>
      answer.outcome === 'refused' || call.operation === 'read' || call.operation === 'count',

    spent(state, call) {
      switch (call.operation) {
        case 'book':
          return entryOfKey(state, call.citizen, call.key) !== undefined;
        case 'cancel':
          return isSpent(rules, state, call);
        case 'read':
        case 'count':
          return true;
        case 'open':
        case 'close':
          return false;
      }
    },

    settled: (call, answer) => (call.operation === 'read' ? settled(rules, answer) : null),

    forget(state, what) {
      const { citizen, key } = what as { citizen?: string; key?: string };
      if (citizen === undefined || key === undefined) return state;
      return withKeyForgotten(state, citizen, key);
    },

    repeats: {
      identity(callOrWhat) {
        const { citizen, key } = callOrWhat as { citizen?: string; key?: string };
        return !rules.keys || citizen === undefined || key === undefined ? null : `${citizen}\n${key}`;
      },
      refusals: REFUSALS.map((reason) => ({ outcome: 'refused', reason })),
      refusalIndex: (answer) => (answer.outcome === 'refused' ? REFUSALS.indexOf(answer.reason) : -1),
      mayRefuseAgain: (state, call) =>
        call.operation === 'book' && !entryOfKey(state, call.citizen, call.key),
    },
  };
}

function initial(object: string, world: unknown): SlotState {
  const { slots = [] } = (world ?? {}) as { slots?: { id: string; capacity: number; open?: boolean }[] };
  const slot = slots.find(({ id }) => id === object);
  if (!slot) {
    throw new Error(
      `The model of bookings cannot start: the world has no slot ${JSON.stringify(object)}. Pass the run's world to the checker.`,
    );
  }
  return { capacity: slot.capacity, open: slot.open ?? true, seats: 0, entries: [] };
}

function book(
  rules: Rules,
  state: SlotState,
  { citizen, key }: BookCall,
  id: string | undefined,
): SlotState | null {
  const own = entryOfKey(state, citizen, key);
  if (!hasIds(rules)) {
    if (own) return state;
    return isTaken(rules, state, citizen) ? null : withBooking(state, citizen, key, null);
  }
  if (id === undefined) return null;
  if (own) return withId(state, own, id);
  if (isTaken(rules, state, citizen) || entryOfId(state, id)) return null;
  return withBooking(state, citizen, key, id);
}

/** The states after a cancel that ended a booking: several when bookings are active whose ids nobody knows. */
function cancel(rules: Rules, state: SlotState, call: SlotCancel): SlotState[] {
  if (!hasIds(rules)) {
    const own = activeOf(state, call.citizen ?? '');
    const after = own && withoutBooking(state, own, null);
    return after ? [after] : [];
  }
  const isAllowed = (entry: Entry) => entry.active && mayCancelFor(rules, call, entry.citizen);
  const id = call.booking;
  const known = entryOfId(state, id);
  const which = known ? [known] : state.entries.filter((entry) => couldBe(entry, id));
  return which
    .filter(isAllowed)
    .map((entry) => withoutBooking(state, entry, id))
    .filter((after) => after !== null);
}

/** The states after a cancel that was acknowledged. */
function cancelled(rules: Rules, state: SlotState, call: SlotCancel): SlotState[] {
  const ended = cancel(rules, state, call);
  if (rules.secondCancel === 'refused') return ended;
  // Acknowledged again, for a booking that is over: it changes nothing.
  const idle = isActive(rules, state, call, true) ? null : withoutActive(rules, state, call, true);
  return idle ? [...ended, idle] : ended;
}

/** True when the booking that the call names is known to be active; `ofAnybody`: also when the citizen may not cancel it. */
function isActive(rules: Rules, state: SlotState, call: SlotCancel, ofAnybody: boolean): boolean {
  if (!hasIds(rules)) return activeOf(state, call.citizen ?? '') !== undefined;
  const entry = entryOfId(state, call.booking);
  return entry?.active === true && (ofAnybody || mayCancelFor(rules, call, entry.citizen));
}

/** Nobody has an active booking of that id, or with `ofAnybody` false not the citizen who asks. */
function withoutActive(
  rules: Rules,
  state: SlotState,
  call: SlotCancel,
  ofAnybody: boolean,
): SlotState | null {
  if (!hasIds(rules)) return state;
  return ofAnybody || !isOwnOnly(rules)
    ? withoutId(state, call.booking)
    : withoutId(state, call.booking, call.citizen ?? '');
}

function refused(rules: Rules, state: SlotState, call: SlotCall, reason: string): SlotState | null {
  if (call.operation === 'cancel') {
    if (!refusesCancel(reason) || isActive(rules, state, call, false)) return null;
    return withoutActive(rules, state, call, false);
  }
  if (call.operation !== 'book' || entryOfKey(state, call.citizen, call.key)) return null;
  return isForbidden(rules, state, call, reason) ? state : null;
}

/** True when the cancel can end nothing any more. One that names a citizen can end whatever they book next. */
function isSpent(rules: Rules, state: SlotState, call: SlotCancel): boolean {
  if (!hasIds(rules)) return false;
  const entry = entryOfId(state, call.booking);
  return entry !== undefined && (!entry.active || !mayCancelFor(rules, call, entry.citizen));
}

function view(rules: Rules, state: SlotState, answer: Ok): SlotState | null {
  const { bookings, capacity = state.capacity } = answer;
  if (answer.missing || bookings === undefined || capacity !== state.capacity) return null;
  if (rules.closing && answer.open !== undefined && answer.open !== state.open) return null;
  if (typeof bookings === 'number') return bookings === state.seats ? state : null;
  return withView(state, bookings);
}

/** The state that a view tells all of; null for one that leaves something out. */
function settled(rules: Rules, answer: SlotAnswer): SlotState | null {
  if (answer.outcome !== 'ok' || typeof answer.bookings !== 'object' || answer.capacity === undefined)
    return null;
  const open = rules.closing ? answer.open : true;
  if (open === undefined) return null;
  const entries: Entry[] = [];
  for (const { id, citizen } of answer.bookings) {
    if (citizen === undefined || (hasIds(rules) && id === undefined)) return null;
    entries.push({ citizen, key: null, id: hasIds(rules) ? (id ?? null) : null, active: true });
  }
  return { capacity: answer.capacity, open, seats: entries.length, entries };
}

function describe(rules: Rules, state: SlotState, call: SlotCall): readonly string[] {
  switch (call.operation) {
    case 'book':
      return describeBook(rules, state, call);
    case 'cancel': {
      const canBeOk = cancelled(rules, state, call).length > 0;
      const canBeRefused = refused(rules, state, call, 'no-such-booking') !== null;
      return [...(canBeOk ? ['ok'] : []), ...(canBeRefused ? ['refused: no-such-booking'] : [])];
    }
    case 'open':
    case 'close':
      return ['ok'];
    case 'count':
    case 'read':
      return [describeView(rules, state, call.operation === 'read')];
  }
}

function describeBook(rules: Rules, state: SlotState, call: BookCall): readonly string[] {
  const entry = entryOfKey(state, call.citizen, call.key);
  if (entry) return [`ok with the booking ${entry.id ?? 'that its key has already'}`];
  const reasons = REASONS.filter((reason) => isForbidden(rules, state, call, reason));
  return reasons.length > 0 ? reasons.map((reason) => `refused: ${reason}`) : ['ok with a new booking'];
}

function describeView(rules: Rules, state: SlotState, withNames: boolean): string {
  const nameOf = ({ citizen, id }: Entry) => (hasIds(rules) ? `${citizen} (${id ?? 'id unknown'})` : citizen);
  const who = withNames ? state.entries.filter((entry) => entry.active).map(nameOf) : [];
  const count = `${state.seats} of ${state.capacity} seats taken${who.length > 0 ? `: ${who.join(', ')}` : ''}`;
  return rules.closing ? `${state.open ? 'open' : 'closed'}, ${count}` : count;
}
