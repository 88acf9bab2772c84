/** The sequential model of one slot of `bookings`: which answers are right, and what each call changes. */
import type { Effect, SequentialModel } from '../../checkers/model.ts';
import { hopeless } from './feasibility.ts';
import { likeness, relevant } from './relevance.ts';
import type { SlotAnswer, SlotCall } from './slot-call.ts';
import {
  activeOf,
  couldBe,
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

const REFUSALS = ['full', 'closed', 'already-booked'] as const;

export const bookingsModel: BookingsModel = {
  initial(object, world) {
    const slot = slotsOf(world).find(({ id }) => id === object);
    if (!slot) {
      throw new Error(
        `The model of bookings cannot start: the world has no slot ${JSON.stringify(object)}. Pass the run's world to the checker.`,
      );
    }
    return { capacity: slot.capacity, open: slot.open ?? true, seats: 0, entries: [] };
  },

  apply(state, call, answer) {
    if (answer.outcome === 'refused') {
      if (!refuses(state, call, answer.reason)) return null;
      return call.operation === 'cancel' ? withoutId(state, call.booking) : state;
    }
    switch (call.operation) {
      case 'book':
        return answer.booking === undefined ? null : book(state, call.citizen, call.key, answer.booking);
      case 'cancel':
        return cancel(state, call.booking)[0] ?? (answer.again ? state : null);
      case 'open':
        return withOpen(state, true);
      case 'close':
        return withOpen(state, false);
      case 'read':
      case 'count':
        return view(state, answer);
    }
  },

  alternatives(state, call, answer) {
    if (call.operation !== 'cancel' || answer.outcome !== 'ok') return NONE;
    const all = cancel(state, call.booking);
    const more = all.length > 1 ? all.slice(1) : NONE;
    return answer.again && all.length > 0 && !entryOfId(state, call.booking)
      ? [...more, withoutId(state, call.booking)]
      : more;
  },

  effects(state, call): readonly Effect<SlotState>[] {
    switch (call.operation) {
      case 'book':
        if (reasons(state, call.citizen) || entryOfKey(state, call.citizen, call.key)) return NONE;
        return [{ state: withBooking(state, call.citizen, call.key, null), outcome: 'booked' }];
      case 'cancel':
        return cancel(state, call.booking).map((after) => ({ state: after, outcome: 'cancelled' }));
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
    if (call.operation !== 'book') return state;
    if (answer.booking === undefined) return null;
    const entry = entryOfKey(state, call.citizen, call.key);
    // The key was forgotten while this request was under way: nothing is known any more to hold against it.
    return entry ? withId(state, entry, answer.booking) : state;
  },

  key: slotKey,
  describe,
  relevant,
  hopeless,
  likeness,

  observes: (call, answer) =>
    answer.outcome === 'refused' || call.operation === 'read' || call.operation === 'count',

  spent(state, call) {
    switch (call.operation) {
      case 'book':
        return entryOfKey(state, call.citizen, call.key) !== undefined;
      case 'cancel':
        return entryOfId(state, call.booking)?.active === false;
      case 'read':
      case 'count':
        return true;
      case 'open':
      case 'close':
        return false;
    }
  },

  settled(call, answer) {
    if (call.operation !== 'read' || answer.outcome !== 'ok' || !Array.isArray(answer.bookings)) return null;
    const bookings = answer.bookings as readonly { id: string; citizen: string }[];
    const entries = bookings.map(({ id, citizen }) => ({ citizen, key: null, id, active: true }));
    return { capacity: answer.capacity ?? 0, open: answer.open ?? true, seats: entries.length, entries };
  },

  forget(state, what) {
    const { citizen, key } = what as { citizen?: string; key?: string };
    if (citizen === undefined || key === undefined) return state;
    return withKeyForgotten(state, citizen, key);
  },

  repeats: {
    identity(callOrWhat) {
      const { citizen, key } = callOrWhat as { citizen?: string; key?: string };
      return citizen === undefined || key === undefined ? null : `${citizen}\n${key}`;
    },
    refusals: REFUSALS.map((reason) => ({ outcome: 'refused', reason })),
    refusalIndex: (answer) =>
      answer.outcome === 'refused' ? (REFUSALS as readonly string[]).indexOf(answer.reason) : -1,
    mayRefuseAgain: (state, call) => call.operation === 'book' && !entryOfKey(state, call.citizen, call.key),
  },
};

const NONE: readonly never[] = [];

function slotsOf(world: unknown): readonly { id: string; capacity: number; open?: boolean }[] {
  return (world as { slots?: { id: string; capacity: number; open?: boolean }[] } | undefined)?.slots ?? [];
}

/** True when some reason forbids the citizen a new booking. */
function reasons(state: SlotState, citizen: string): boolean {
  return !state.open || state.seats >= state.capacity || activeOf(state, citizen) !== undefined;
}

function book(state: SlotState, citizen: string, key: string, id: string): SlotState | null {
  if (!state.open || state.seats >= state.capacity) {
    const entry = entryOfKey(state, citizen, key);
    return entry ? withId(state, entry, id) : null;
  }
  let taken = false;
  for (const entry of state.entries) {
    if (entry.citizen === citizen) {
      if (entry.key === key) return withId(state, entry, id);
      if (entry.active) taken = true;
    }
    if (entry.id === id) taken = true;
  }
  return taken ? null : withBooking(state, citizen, key, id);
}

/** The states after a cancel of `id` that took effect: several when bookings are active whose ids nobody knows. */
function cancel(state: SlotState, id: string): SlotState[] {
  const known = entryOfId(state, id);
  if (known) return known.active ? [withoutBooking(state, known, id)] : [];
  return state.entries.filter((entry) => couldBe(entry, id)).map((entry) => withoutBooking(state, entry, id));
}

function refuses(state: SlotState, call: SlotCall, reason: string): boolean {
  if (call.operation === 'cancel')
    return reason === 'no-such-booking' && !entryOfId(state, call.booking)?.active;
  if (call.operation !== 'book' || entryOfKey(state, call.citizen, call.key)) return false;
  switch (reason) {
    case 'full':
      return state.seats >= state.capacity;
    case 'closed':
      return !state.open;
    case 'already-booked':
      return activeOf(state, call.citizen) !== undefined;
    default:
      return false;
  }
}

function view(state: SlotState, answer: Extract<SlotAnswer, { outcome: 'ok' }>): SlotState | null {
  if (answer.open !== state.open || answer.capacity !== state.capacity) return null;
  if (typeof answer.bookings === 'number') return answer.bookings === state.seats ? state : null;
  return answer.bookings ? withView(state, answer.bookings) : null;
}

function describe(state: SlotState, call: SlotCall): readonly string[] {
  switch (call.operation) {
    case 'book': {
      const entry = entryOfKey(state, call.citizen, call.key);
      if (entry) return [`ok with the booking ${entry.id ?? 'that its key has already'}`];
      const refusals = REFUSALS.filter((reason) => refuses(state, call, reason));
      return refusals.length > 0 ? refusals.map((reason) => `refused: ${reason}`) : ['ok with a new booking'];
    }
    case 'cancel':
      if (entryOfId(state, call.booking)?.active) return ['ok'];
      return cancel(state, call.booking).length > 0
        ? ['ok', 'refused: no-such-booking']
        : ['refused: no-such-booking'];
    case 'open':
    case 'close':
      return ['ok'];
    case 'count':
    case 'read': {
      const who = state.entries.filter((e) => e.active).map((e) => `${e.citizen} (${e.id ?? 'id unknown'})`);
      const count = `${state.seats} of ${state.capacity} seats taken`;
      return [
        `${state.open ? 'open' : 'closed'}, ${count}${call.operation === 'read' && who.length ? `: ${who.join(', ')}` : ''}`,
      ];
    }
  }
}
