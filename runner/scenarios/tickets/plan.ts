/** What citizens, and the provider of payments, ask for next. */
import type { Prng } from '../../public.ts';
import { byShare } from '../shares.ts';
import type { PayCall, TicketCall, TicketEvent } from './calls.ts';
import type { Orders, Own } from './orders.ts';

/** How often they do what, in parts of 100; the rest are holds. */
const SHARES = [
  ['pay', 22],
  ['confirm', 10],
  ['release', 6],
  ['refund', 7],
  ['transfer', 4],
  ['join', 11],
  ['leave', 3],
  ['read', 12],
] as const satisfies readonly (readonly [TicketCall['operation'], number])[];

/** The provider tells what became of payments. */
const PROVIDER = 'payments';
const FAILED_SHARE = 0.12;
/** This share of the payments is for an order that is paid already. */
const SECOND_SHARE = 0.06;
/** This share of the confirmations comes before the payment. */
const EARLY_SHARE = 0.08;
/** This share of the holds and joins is of a few citizens, who reach their quota. */
const EAGER_SHARE = 0.3;
const EAGER_CITIZENS = 3;
/** This share of the holds is of places only. */
const PLACES_SHARE = 0.4;

export interface Planned {
  readonly actor: string;
  readonly call: TicketCall;
}

/** The `n`th operation, at `event` where that is up to the citizen; `isBurst`: everybody wants something of it. */
export function plannedOperation(
  n: number,
  prng: Prng,
  {
    event,
    citizens,
    orders,
    isBurst,
  }: { event: TicketEvent; citizens: number; orders: Orders; isBurst: boolean },
): Planned {
  const operation = isBurst ? 'hold' : (byShare(SHARES, prng.below(100)) ?? 'hold');
  const isEager = prng.chance(EAGER_SHARE);
  const citizen = citizenName(prng.below(isEager ? Math.min(EAGER_CITIZENS, citizens) : citizens));
  const asks = (call: TicketCall): Planned => ({ actor: citizen, call });
  const own = (...states: readonly Own['state'][]) => orders.some(prng, event.id, ...states);
  switch (operation) {
    case 'pay': {
      const call = plannedPayment(n, prng, own);
      return call ? { actor: PROVIDER, call } : asks(hold(n, prng, citizen, event));
    }
    case 'confirm':
      return (
        about(own(prng.chance(EARLY_SHARE) ? 'held' : 'paid'), operation) ??
        asks(hold(n, prng, citizen, event))
      );
    case 'release':
      return about(own('held'), operation) ?? asks(hold(n, prng, citizen, event));
    case 'refund':
      return about(own('paid', 'sold'), operation) ?? asks(hold(n, prng, citizen, event));
    case 'leave':
      return about(own('waiting'), operation) ?? asks({ operation: 'read', event: event.id });
    case 'transfer': {
      const one = own('sold');
      const to = citizenName(prng.below(citizens));
      if (!one) return asks(hold(n, prng, citizen, event));
      const asker = prng.chance(0.1) ? citizen : one.owner;
      const { order } = one;
      return { actor: asker, call: { operation, citizen: asker, event: one.event, order, to } };
    }
    case 'join':
      return asks({ operation, citizen, event: event.id, order: `w-${n}` });
    case 'read':
      return asks({ operation, event: event.id });
    default:
      return asks(hold(n, prng, citizen, event));
  }
}

function citizenName(index: number): string {
  return `citizen-${String(index + 1).padStart(3, '0')}`;
}

function about(own: Own | undefined, operation: 'confirm' | 'release' | 'refund' | 'leave'): Planned | null {
  if (!own) return null;
  const { owner: actor, event, order } = own;
  return { actor, call: { operation, event, order } };
}

function plannedPayment(
  n: number,
  prng: Prng,
  own: (...states: readonly Own['state'][]) => Own | undefined,
): PayCall | null {
  const isSecond = prng.chance(SECOND_SHARE);
  const status = prng.chance(FAILED_SHARE) ? 'failed' : 'succeeded';
  const one = isSecond ? own('paid', 'sold') : own('held');
  if (!one) return null;
  return { operation: 'pay', event: one.event, order: one.order, payment: `p-${n}`, status };
}

/** Some seats beside each other, or some places, or one seat and places; seldom more than the quota. */
function hold(n: number, prng: Prng, citizen: string, { id, seats, places, quota }: TicketEvent): TicketCall {
  const first = prng.below(seats.length);
  const count = 1 + prng.below(Math.min(seats.length, quota));
  const wantsPlaces = prng.chance(PLACES_SHARE);
  const wantsBoth = prng.chance(0.15);
  const wanted = 1 + prng.below(Math.min(2, places));
  const named = Array.from(
    { length: wantsPlaces ? 1 : count },
    (_, i) => seats[(first + i) % seats.length] as string,
  );
  return {
    operation: 'hold',
    citizen,
    event: id,
    order: `o-${n}`,
    seats: wantsPlaces && !wantsBoth ? [] : named,
    places: wantsPlaces || wantsBoth ? wanted : 0,
  };
}
