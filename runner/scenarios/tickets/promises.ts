/** What citizens were told of their orders, and the named invariants that later answers break with it. */
import type { Operation, Reply, Violation } from '../../public.ts';
import { NewestMap, setNewest } from '../../sim/newest-map.ts';
import type { EventShown, Order, TicketCall } from './calls.ts';
import { checkOffer } from './invariants.ts';
import { REMEMBERED } from './remembered.ts';

export class Promises {
  /** With which event each waiter asked first, and with which it was told to wait. */
  readonly #asked = new NewestMap<string, number>(REMEMBERED);
  readonly #joined = new NewestMap<string, number>(REMEMBERED);
  /** Orders that are paid and that nobody asked to refund: since the event with this index. */
  readonly #paid = new Map<string, number>();
  /** Orders that ended without a payment that anybody knows of: since the event with this index. */
  readonly #ranOut = new Map<string, number>();
  /** Orders that were released or refunded. */
  readonly #freed = new NewestMap<string, true>(REMEMBERED);
  readonly #toRefund = new NewestMap<string, true>(REMEMBERED);

  invoked({ call, invokedIndex }: Operation<TicketCall>): void {
    if (call.operation === 'join' && !this.#asked.has(call.order)) this.#asked.set(call.order, invokedIndex);
    if (call.operation !== 'refund') return;
    this.#toRefund.set(call.order, true);
    this.#paid.delete(call.order);
    this.#ranOut.delete(call.order);
  }

  /** An answer came, at the event with the index `by`. */
  completed(
    { call, invokedIndex: from }: Operation<TicketCall>,
    reply: Reply & { outcome: 'ok' | 'refused' },
    by: number,
  ): Violation | null {
    if (call.operation === 'read' || call.operation === 'hold' || call.operation === 'transfer') return null;
    const { operation, event, order } = call;
    const isOk = reply.outcome === 'ok';
    const ended = reply.outcome === 'refused' && reply.reason === 'ended';
    if (operation === 'join' && isOk && !this.#joined.has(order)) this.#joined.set(order, by);
    if ((operation === 'release' || operation === 'refund') && isOk) {
      if (this.#freed.has(order)) return freedTwice(event, order);
      this.#freed.set(order, true);
    }
    if (operation === 'confirm' && ended) {
      if ((this.#paid.get(order) ?? from) < from) return lost(event, order, 'is said to have ended');
      this.#noteEnd(order, by);
    }
    const isSold =
      operation === 'pay' ? isOk && reply.value['state'] === 'paid' : operation === 'confirm' && isOk;
    if (!isSold) return null;
    if ((this.#ranOut.get(order) ?? from) < from) return soldAfterItsEnd(event, order);
    if (!this.#toRefund.has(order) && !this.#paid.has(order)) setNewest(this.#paid, order, by, REMEMBERED);
    return null;
  }

  /** After an event was shown; `from` is the index of the event with which that was asked. */
  shown(event: EventShown, from: number): Violation | null {
    for (const order of event.orders) {
      const violation = this.#shownOrder(event, order, from);
      if (violation) return violation;
    }
    return null;
  }

  /** An order is not shown, though its citizen knows of it; `by` is the index of the event that shows it. */
  missing(event: string, order: string, from: number, by: number): Violation | null {
    if ((this.#paid.get(order) ?? from) < from) return lost(event, order, 'is there no more');
    this.#noteEnd(order, by);
    return null;
  }

  /** What was paid may be told so again after it was refunded: then nothing follows from its end. */
  #noteEnd(order: string, by: number): void {
    if (!this.#toRefund.has(order) && !this.#ranOut.has(order))
      setNewest(this.#ranOut, order, by, REMEMBERED);
  }

  #shownOrder(event: EventShown, order: Order, from: number): Violation | null {
    if ((this.#ranOut.get(order.id) ?? from) < from) return soldAfterItsEnd(event.id, order.id);
    const asked = this.#asked.get(order.id);
    if (asked === undefined) return null;
    const passedOver = event.waiting.find((id) => (this.#joined.get(id) ?? asked) < asked);
    return passedOver === undefined ? checkOffer(event, order) : notTheFirst(event.id, order.id, passedOver);
  }
}

function freedTwice(object: string, order: string): Violation {
  return {
    invariant: 'frees-once',
    message: `${order} of ${object} was given up or refunded twice.`,
    actual: 'twice',
    expected: 'once',
    object,
  };
}

function lost(object: string, order: string, how: string): Violation {
  return {
    invariant: 'paid-is-never-lost',
    message: `${order} of ${object} was paid, nobody asked to refund it, and it ${how}.`,
    actual: 'gone',
    expected: 'paid or sold',
    object,
  };
}

function soldAfterItsEnd(object: string, order: string): Violation {
  return {
    invariant: 'expired-hold-sells-nothing',
    message: `The hold ${order} of ${object} was over, and was paid or shown afterwards.`,
    actual: order,
    expected: 'nothing of it',
    object,
  };
}

function notTheFirst(object: string, order: string, passedOver: string): Violation {
  return {
    invariant: 'promotion-to-the-first',
    message: `${order} got a place of ${object}, and ${passedOver}, which waited before it, still waits.`,
    actual: order,
    expected: passedOver,
    object,
  };
}
