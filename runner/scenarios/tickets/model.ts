/** The sequential model of one event: which answers are right when, and what each call changes. */
import type { Effect, SequentialModel, When } from '../../public.ts';
import type { HoldCall, JoinCall, PayCall, TicketCall, Venue } from './calls.ts';
import { afterAllEnds, afterEnds, endsToHelp } from './ends.ts';
import {
  byItself,
  type Came,
  type EventState,
  endingAt,
  type KnownOrder,
  mayBeRepeated,
  orderOf,
  promoted,
  stateKey,
  type Terms,
  type TicketAnswer,
  waiterOf,
  withDue,
  withOrder,
  withoutName,
  withoutOverdue,
  withPayment,
} from './event-state.ts';
import { hopeless } from './feasibility.ts';
import { afterRead, shownText } from './reading.ts';
import { canBeMade, refusalsOf } from './refusals.ts';
import { isSpent, observes, relevant } from './relevance.ts';
import { concerns } from './scope.ts';

export type TicketModel = SequentialModel<EventState, TicketCall, TicketAnswer>;

/** What a call comes to that can come to one thing only. */
const DONE = 'done';
/** What may be done only once somebody else's hold has run out. */
const MAY_NEED_ENDS = new Set<TicketCall['operation']>(['hold', 'join', 'transfer']);

export function ticketModel(terms: Terms): TicketModel {
  return {
    timed: true,

    initial(object, world) {
      const event = (world as Venue).events.find(({ id }) => id === object);
      if (!event) throw new Error(`The venue has no event ${JSON.stringify(object)}.`);
      return { event, orders: [], waiting: [], repeatable: [], payments: [] };
    },

    apply(state, call, answer, when) {
      const now = withoutOverdue(state, when.from, concerns(state, call));
      const [after] = waysTo(now, call, answer, when, terms);
      return after === now ? state : (after ?? null);
    },

    alternatives(state, call, answer, when) {
      const now = withoutOverdue(state, when.from, concerns(state, call));
      return waysTo(now, call, answer, when, terms).slice(1);
    },

    effects(state, call, when) {
      const now = withoutOverdue(state, when.from, concerns(state, call));
      const effects = effectsOf(now, call, when, terms);
      if (effects.length > 0 || !MAY_NEED_ENDS.has(call.operation)) return effects;
      const ways = afterEnds(now, concerns(now, call), when, (ended) => changedBy(ended, call, when, terms));
      return ways.map((after) => ({ state: after, outcome: DONE }));
    },

    confirm(state, call, outcome, answer) {
      if (answer.outcome !== 'ok') return null;
      if (call.operation === 'pay') return answer.state === outcome ? state : null;
      const order = call.operation === 'hold' ? orderOf(state, call.order) : undefined;
      return order ? endingAt(state, order, answer.expiresAt) : state;
    },

    key: stateKey,

    describe(state, call, when) {
      const now = withoutOverdue(state, when.from, concerns(state, call));
      if (call.operation === 'read') return [shownText(now)];
      const refusals = refusalsOf(now, call, when).map((reason) => `refused: ${reason}`);
      if (call.operation === 'pay') return waysToPay(now, call);
      return refusals.length > 0 ? refusals : ['ok'];
    },

    internal: (state, when) => byItself(state, when.to, terms),

    relevant,
    hopeless,
    observes,
    spent: isSpent,

    forget(state, what) {
      const call = what as TicketCall;
      if (call.operation === 'pay')
        return { ...state, payments: state.payments.filter(({ id }) => id !== call.payment) };
      return { ...state, repeatable: state.repeatable.filter((id) => id !== call['order']) };
    },

    settled(call, answer) {
      if (call.operation !== 'read' || answer.outcome !== 'ok' || !answer.shown) return null;
      const { orders, waiting, moneyHeld, ...event } = answer.shown;
      // Whose the names are is not shown.
      if (waiting.length > 0) return null;
      const known = orders.map(({ expiresAt, ...order }): KnownOrder => {
        const end = expiresAt ?? 0;
        return { ...order, ends: { lo: end, hi: end } };
      });
      return { event, orders: known, waiting: [], repeatable: [], payments: [] };
    },
  };
}

/** The states after this answer, the likeliest first; none when it is wrong. */
function waysTo(
  now: EventState,
  call: TicketCall,
  answer: TicketAnswer,
  when: When,
  terms: Terms,
): readonly EventState[] {
  const follow = (state: EventState) => answered(state, call, answer, when, terms);
  const after = follow(now);
  if (after) return [after];
  if (call.operation !== 'read') return afterEnds(now, endsToHelp(now, call), when, follow);
  const shown = answer.outcome === 'ok' ? (answer.shown?.orders ?? []) : [];
  const seen = follow(afterAllEnds(now, shown, when));
  return seen ? [seen] : [];
}

/** The state after this answer at an instant at which nothing more runs out; null when it is wrong there. */
function answered(
  state: EventState,
  call: TicketCall,
  answer: TicketAnswer,
  when: When,
  terms: Terms,
): EventState | null {
  if (answer.outcome === 'refused')
    return refusalsOf(state, call, when).includes(answer.reason) ? state : null;
  if (call.operation === 'read') return answer.shown ? afterRead(state, answer.shown, when, terms) : null;
  if (call.operation === 'pay') return afterPayment(state, call, answer.state);
  if (call.operation === 'hold') {
    const order = orderOf(state, call.order);
    if (order) return endingAt(state, order, answer.expiresAt);
  }
  const [effect] = effectsOf(state, call, when, terms);
  if (!effect) return isDone(state, call) ? state : null;
  if (call.operation !== 'hold') return effect.state;
  return endingAt(effect.state, orderOf(effect.state, call.order) as KnownOrder, answer.expiresAt);
}

/** The call asks for what is so already. */
function isDone(state: EventState, call: TicketCall): boolean {
  if (call.operation === 'read') return false;
  const order = orderOf(state, call.order);
  if (call.operation === 'confirm') return order?.state === 'sold';
  if (call.operation === 'transfer')
    return order?.state === 'sold' && order.owner === call.citizen && call.to === call.citizen;
  return call.operation === 'join' && (order !== undefined || waiterOf(state, call.order) !== undefined);
}

function effectsOf(state: EventState, call: TicketCall, when: When, terms: Terms): Effect<EventState>[] {
  if (call.operation === 'pay') return paymentEffects(state, call);
  const after = changedBy(state, call, when, terms);
  return after ? [{ state: after, outcome: DONE }] : [];
}

function changedBy(state: EventState, call: TicketCall, when: When, terms: Terms): EventState | null {
  switch (call.operation) {
    case 'hold':
    case 'join':
      return made(state, call, when, terms);
    case 'confirm': {
      const order = orderOf(state, call.order);
      return order?.state === 'paid' ? withOrder(state, { ...order, state: 'sold' }) : null;
    }
    case 'release': {
      const isOffered = (waiterOf(state, call.order)?.dueSince ?? null) !== null;
      const isHeld = orderOf(state, call.order)?.state === 'held';
      return isHeld || isOffered ? withoutName(state, call.order, when.from) : null;
    }
    case 'refund':
      return refusalsOf(state, call, when).length > 0 ? null : withoutName(state, call.order, when.from);
    case 'leave':
      return waiterOf(state, call.order) ? withoutName(state, call.order, when.from) : null;
    case 'transfer': {
      const order = orderOf(state, call.order);
      if (!order || call.to === order.owner || refusalsOf(state, call, when).length > 0) return null;
      return withOrder(state, { ...order, owner: call.to });
    }
    default:
      return null;
  }
}

/** A new order, or somebody more who waits; null when that is refused, or was done before. */
function made(
  state: EventState,
  call: HoldCall | JoinCall,
  when: When,
  { holdMs }: Terms,
): EventState | null {
  const { order: id, citizen: owner } = call;
  if (!canBeMade(state, call, when)) return null;
  const known = mayBeRepeated(state, id);
  if (call.operation === 'join') {
    const waiting = [...state.waiting, { id, owner, dueSince: null }];
    return withDue({ ...known, waiting }, when.from);
  }
  const { seats, places } = call;
  const ends = { lo: when.from + holdMs, hi: when.to + holdMs };
  return withOrder(known, { id, owner, seats, places, state: 'held', ends });
}

/** `told`: what the service says that it came to. */
function afterPayment(state: EventState, call: PayCall, told: unknown): EventState | null {
  if (call.status === 'failed') return told === 'failed' ? state : null;
  const before = state.payments.find(({ id }) => id === call.payment);
  if (before) return told === before.came ? state : null;
  return paymentEffects(state, call).find(({ outcome }) => outcome === told)?.state ?? null;
}

/** Money for an order that is not held, or no longer, is given back. */
function paymentEffects(state: EventState, call: PayCall): Effect<EventState>[] {
  const { payment, order: id, status } = call;
  if (status === 'failed' || state.payments.some((known) => known.id === payment)) return [];
  const effect = (after: EventState, outcome: Came) => ({
    state: withPayment(after, payment, outcome),
    outcome,
  });
  const order = orderOf(state, id);
  if (order?.state === 'held') return [effect(withOrder(state, { ...order, state: 'paid' }), 'paid')];
  const waiter = waiterOf(state, id);
  const refunded = effect(state, 'refunded');
  if (!waiter || waiter.dueSince === null) return [refunded];
  return [effect(promoted(state, waiter, undefined, 'paid'), 'paid'), refunded];
}

function waysToPay(state: EventState, call: PayCall): string[] {
  if (call.status === 'failed') return ['ok: failed'];
  const before = state.payments.find(({ id }) => id === call.payment);
  if (before) return [`ok: ${before.came}, as it was told already`];
  return paymentEffects(state, call).map(({ outcome }) => `ok: ${outcome}`);
}
