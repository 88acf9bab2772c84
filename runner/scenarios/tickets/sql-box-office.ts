/** How the box office over PostgreSQL answers one request. */
import type { Reply, ServiceClock, SqlClient } from '../../public.ts';
import { Refused } from '../answered.ts';
import type { HoldCall, JoinCall, OrderCall, PayCall, TicketCall, TransferCall, Venue } from './calls.ts';
import {
  AVAILABLE,
  ENDED,
  NOT_HELD,
  NOT_OPEN,
  NOT_OWNER,
  NOT_SOLD,
  NOT_WAITING,
  ok,
  QUOTA,
  TAKEN,
  UNPAID,
} from './replies.ts';
import { countOf, free, isStanding, type OrderRow, type SqlSteps, storePaid, timeText } from './sql-steps.ts';
import { eventShown } from './sql-tables.ts';

/** An event as its row has it. */
interface EventRow {
  readonly placesFree: number;
  readonly quota: number;
  readonly opensAt: number;
  /** Somebody waits for places. */
  readonly isAwaited: boolean;
}

/** An event that nobody else changes until the transaction ends, and the time there. */
interface Entered extends EventRow {
  readonly id: string;
  readonly nowMs: number;
  readonly now: string;
  readonly isOpen: boolean;
}

export class SqlBoxOffice {
  readonly #steps: SqlSteps;
  readonly #venue: Venue;
  readonly #clock: ServiceClock;
  /** Payments that were acknowledged and wait for the next request to store them. */
  readonly #unstored: Set<PayCall>;

  constructor(steps: SqlSteps, venue: Venue, clock: ServiceClock, unstored: Set<PayCall>) {
    this.#steps = steps;
    this.#venue = venue;
    this.#clock = clock;
    this.#unstored = unstored;
  }

  async answer(client: SqlClient, call: TicketCall): Promise<Reply> {
    if (call.operation === 'pay' && !this.#steps.paysAtOnce) return await this.#payInTwo(client, call);
    const counted =
      call.operation === 'hold' ? await this.#steps.countBefore(client, call, this.#clock) : null;
    const due = [...this.#unstored].filter(({ event }) => event === call.event);
    const reply = await client.begin(async (sql) => {
      const entered = await this.#enter(sql, call.event);
      return await this.#answerAt(entered, sql, call, counted);
    });
    for (const stored of due) this.#unstored.delete(stored);
    if (!this.#steps.promotesAtOnce) await this.#promote(client, call.event, this.#clock.databaseMs());
    return reply;
  }

  /**
   * Locks the event and does what has become due there. Writing the row, not only locking it, makes the later snapshot
   * of a repeatable-read or serializable transaction fail. The time is asked behind the lock, so that whoever comes
   * later never has an earlier one.
   */
  async #enter(sql: SqlClient, id: string): Promise<Entered> {
    const [entered] = await sql<EventRow>`
      update events e set version = version + 1 where id = ${id}
      returning places_free as "placesFree", quota, (extract(epoch from opens_at) * 1000)::float8 as "opensAt",
        exists (select from waiting w where w.event = e.id and w.state = 'waiting') as "isAwaited"`;
    if (!entered) throw new Error(`There is no event ${id}.`);
    for (const call of this.#unstored) if (call.event === id) await storePaid(sql, call);
    const nowMs = this.#clock.databaseMs();
    const now = timeText(nowMs);
    const ranOut = await this.#steps.takeRanOut(sql, id, now);
    for (const order of ranOut.toSorted((a, b) => (a.id < b.id ? -1 : 1))) await free(sql, id, order);
    const isPromoting = entered.isAwaited && (entered.placesFree > 0 || ranOut.length > 0);
    if (isPromoting) await this.#promoteAtOnce(sql, id, nowMs);
    const event = isPromoting || ranOut.length > 0 ? await eventRow(sql, id) : entered;
    return { ...event, id, nowMs, now, isOpen: this.#steps.isOpen(nowMs, event.opensAt) };
  }

  async #answerAt(event: Entered, sql: SqlClient, call: TicketCall, counted: number | null): Promise<Reply> {
    switch (call.operation) {
      case 'hold':
        return await this.#hold(event, sql, call, counted);
      case 'pay':
        return await this.#pay(sql, call, await this.#isPayable(event, sql, call));
      case 'confirm':
        return await this.#confirm(event, sql, call);
      case 'release':
        return await this.#release(event, sql, call);
      case 'refund':
        return await this.#refund(event, sql, call);
      case 'transfer':
        return await this.#transfer(event, sql, call);
      case 'join':
        return await this.#join(event, sql, call);
      case 'leave': {
        const left = await sql`
          update waiting set state = 'left' where order_id = ${call.order} and state = 'waiting' returning number`;
        return left.length > 0 ? ok() : NOT_WAITING;
      }
      case 'read':
        return ok({ ...(await eventShown(sql, event.id, event.now)) });
    }
  }

  async #promoteAtOnce(sql: SqlClient, event: string, nowMs: number): Promise<void> {
    if (this.#steps.promotesAtOnce) await this.#promote(sql, event, nowMs);
  }

  /** Offers free places to those who wait, in their order. */
  async #promote(sql: SqlClient, event: string, nowMs: number): Promise<void> {
    const expiresAt = timeText(nowMs + this.#venue.offerMs);
    for (;;) {
      const waiter = await this.#steps.nextWaiter(sql, event);
      if (!waiter) return;
      await sql`update waiting set state = 'promoted' where order_id = ${waiter.order}`;
      await sql`
        insert into orders (id, event, owner, places, expires_at, is_offer)
        values (${waiter.order}, ${event}, ${waiter.owner}, 1, ${expiresAt}::timestamptz, true)
        on conflict (id) do update set places = orders.places + 1`;
      await sql`update events set places_free = places_free - 1 where id = ${event}`;
    }
  }

  async #hold(
    event: Entered,
    sql: SqlClient,
    { order, citizen, seats, places }: HoldCall,
    counted: number | null,
  ): Promise<Reply> {
    const known = await orderOf(sql, order);
    if (known) return isAlive(known, event.nowMs) ? ok({ expiresAt: known.expiresAt }) : ENDED;
    if (!event.isOpen) return NOT_OPEN;
    const has = counted ?? (await countOf(sql, event.id, citizen, event.now));
    if (has + seats.length + places > event.quota) return QUOTA;
    if (places > 0 && (places > event.placesFree || event.isAwaited)) return TAKEN;
    const expiresAt = event.nowMs + this.#venue.holdMs;
    await sql`
      insert into orders (id, event, owner, places, expires_at)
      values (${order}, ${event.id}, ${citizen}, ${places}, ${timeText(expiresAt)}::timestamptz)`;
    if (places > 0) {
      await sql`update events set places_free = places_free - ${places} where id = ${event.id}`;
    }
    for (const seat of seats) {
      const took = await sql`
        update seats set order_id = ${order}
        where event = ${event.id} and name = ${seat} and order_id is null returning name`;
      // What was taken for the order before goes with the transaction.
      if (took.length === 0 && this.#steps.isHoldWhole) throw new Refused(TAKEN);
      if (took.length === 0) return TAKEN;
      await sql`insert into order_seats (order_id, seat) values (${order}, ${seat})`;
    }
    return ok({ expiresAt });
  }

  /** Looks for the hold in one transaction and pays it in another, between which others come. */
  async #payInTwo(client: SqlClient, call: PayCall): Promise<Reply> {
    const isPayable = await client.begin(async (sql) => {
      const event = await this.#enter(sql, call.event);
      return await this.#isPayable(event, sql, call);
    });
    return await client.begin((sql) => this.#pay(sql, call, isPayable));
  }

  async #isPayable({ nowMs }: Entered, sql: SqlClient, { order: id }: PayCall): Promise<boolean> {
    const order = await orderOf(sql, id);
    return order !== undefined && this.#steps.isPayable(order, nowMs, this.#clock);
  }

  async #pay(sql: SqlClient, call: PayCall, isPayable: boolean): Promise<Reply> {
    const { event, order, payment, status } = call;
    if (status === 'failed') return ok({ state: 'failed' });
    const before = await this.#steps.findPayment(sql, call);
    if (before) return ok({ state: before.answer });
    if (isPayable && !this.#steps.storesPayments) {
      this.#unstored.add(call);
      return ok({ state: 'paid' });
    }
    const answer = isPayable ? 'paid' : 'refunded';
    if (isPayable) await sql`update orders set state = 'paid' where id = ${order} and state = 'held'`;
    await sql`
      insert into payments (id, event, order_id, answer, given_back)
      values (${payment}, ${event}, ${order}, ${answer}, ${!isPayable && this.#steps.givesBack})`;
    return ok({ state: answer });
  }

  async #confirm({ nowMs }: Entered, sql: SqlClient, call: OrderCall): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (!order || !isAlive(order, nowMs)) return ENDED;
    if (order.state === 'held') return UNPAID;
    await sql`update orders set state = 'sold' where id = ${order.id}`;
    return ok();
  }

  async #release({ id, nowMs }: Entered, sql: SqlClient, call: OrderCall): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    const isReleased = order && (await this.#steps.release(sql, id, order, isStanding(order, nowMs)));
    if (!isReleased) return NOT_HELD;
    await this.#promoteAtOnce(sql, id, nowMs);
    return ok();
  }

  async #refund({ id, nowMs }: Entered, sql: SqlClient, call: OrderCall): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (order?.state !== 'paid' && order?.state !== 'sold') return NOT_SOLD;
    await this.#steps.refund(sql, id, order);
    await this.#promoteAtOnce(sql, id, nowMs);
    return ok();
  }

  async #transfer(event: Entered, sql: SqlClient, call: TransferCall): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (order?.state !== 'sold') return NOT_SOLD;
    if (order.owner !== call.citizen) return NOT_OWNER;
    if (call.to === order.owner) return ok();
    const has = await countOf(sql, event.id, call.to, event.now);
    const seats = await sql`select seat from order_seats where order_id = ${order.id}`;
    if (has + seats.length + order.places > event.quota) return QUOTA;
    await this.#steps.transfer(sql, order, call.to);
    return ok();
  }

  async #join(event: Entered, sql: SqlClient, { order: id, citizen }: JoinCall): Promise<Reply> {
    const [before] = await sql<{ state: string }>`select state from waiting where order_id = ${id}`;
    if (before?.state === 'waiting') return ok();
    const offer = before && (await orderOf(sql, id));
    if (before) return offer && isAlive(offer, event.nowMs) ? ok() : ENDED;
    if (!event.isOpen) return NOT_OPEN;
    if (event.placesFree > 0 && !event.isAwaited) return AVAILABLE;
    if ((await countOf(sql, event.id, citizen, event.now)) >= event.quota) return QUOTA;
    await sql`insert into waiting (event, order_id, owner) values (${event.id}, ${id}, ${citizen})`;
    return ok();
  }
}

async function eventRow(sql: SqlClient, id: string): Promise<EventRow> {
  const [event] = await sql<EventRow>`
    select places_free as "placesFree", quota, (extract(epoch from opens_at) * 1000)::float8 as "opensAt",
      exists (select from waiting w where w.event = e.id and w.state = 'waiting') as "isAwaited"
    from events e where id = ${id}`;
  return event as EventRow;
}

async function orderOf(sql: SqlClient, id: string): Promise<OrderRow | undefined> {
  const [order] = await sql<OrderRow>`
    select id, owner, places, state, (extract(epoch from expires_at) * 1000)::float8 as "expiresAt"
    from orders where id = ${id}`;
  return order;
}

/** Held, or bought. */
function isAlive(order: OrderRow, nowMs: number): boolean {
  return order.state === 'paid' || order.state === 'sold' || isStanding(order, nowMs);
}
