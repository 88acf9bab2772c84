/** The orders that citizens know of, as far as they were told. */
import type { Operation, Prng, Reply } from '../../public.ts';
import { setNewest } from '../../sim/newest-map.ts';
import type { EventShown, HoldCall, JoinCall, Order, TicketCall } from './calls.ts';
import { sizeOf } from './event-state.ts';
import { REMEMBERED } from './remembered.ts';

export interface Own {
  readonly order: string;
  readonly event: string;
  readonly owner: string;
  readonly size: number;
  readonly state: 'waiting' | Order['state'];
  /** Of a hold, in ms since 1970; null otherwise. */
  readonly expiresAt: number | null;
  /** Index of the event with which its citizen heard of it first. */
  readonly since: number;
}

export class Orders {
  readonly #own = new Map<string, Own>();

  of(order: string): Own | undefined {
    return this.#own.get(order);
  }

  all(): readonly Own[] {
    return [...this.#own.values()];
  }

  /** One in this state, at this event if there is one. */
  some(prng: Prng, event: string, ...states: readonly Own['state'][]): Own | undefined {
    const own = this.all().filter(({ state }) => states.includes(state));
    const here = own.filter((one) => one.event === event);
    const from = here.length > 0 ? here : own;
    return from.length > 0 ? prng.pickByName(from, ({ order }) => order) : undefined;
  }

  /** What its citizen knows after an answer to anything but a read, at the event with this index. */
  learn({ call }: Operation<TicketCall>, reply: Reply, index: number): void {
    if (call.operation === 'read') return;
    const own = this.#own.get(call.order);
    if (reply.outcome === 'refused') {
      if (reply.reason === 'ended' || (reply.reason === 'not-sold' && own?.state !== 'held'))
        this.#own.delete(call.order);
      return;
    }
    if (reply.outcome === 'failed') return;
    switch (call.operation) {
      case 'hold':
        return own
          ? undefined
          : this.#add(call, sizeOf(call), 'held', Number(reply.value['expiresAt']), index);
      case 'join':
        return own ? undefined : this.#add(call, 1, 'waiting', null, index);
      case 'pay':
        if (reply.value['state'] === 'paid') this.#become(own, { state: 'paid', expiresAt: null });
        if (reply.value['state'] === 'refunded' && own?.state === 'held') this.#own.delete(call.order);
        return;
      case 'confirm':
        return this.#become(own, { state: 'sold', expiresAt: null });
      case 'transfer':
        return this.#become(own, { owner: call.to });
      default:
        this.#own.delete(call.order);
    }
  }

  /** After a read that was asked for at the event with the index `from`; those that are gone. */
  see({ id: event, orders, waiting }: EventShown, from: number): readonly Own[] {
    const gone: Own[] = [];
    for (const own of this.#own.values()) {
      if (own.event !== event) continue;
      const shown = orders.find(({ id }) => id === own.order);
      if (shown) this.#become(own, { owner: shown.owner, state: shown.state, expiresAt: shown.expiresAt });
      else if (own.since < from && !waiting.includes(own.order)) gone.push(own);
    }
    for (const { order } of gone) this.#own.delete(order);
    return gone;
  }

  #add(
    { order, event, citizen: owner }: HoldCall | JoinCall,
    size: number,
    state: Own['state'],
    expiresAt: number | null,
    since: number,
  ): void {
    const own = { order, event, owner, size, state, expiresAt, since };
    setNewest(this.#own, order, own, REMEMBERED);
  }

  #become(own: Own | undefined, change: Partial<Own>): void {
    if (own) this.#own.set(own.order, { ...own, ...change });
  }
}
