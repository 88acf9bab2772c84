/** How the box office over PostgreSQL answers one request. */
import type { Reply, ServiceClock, SqlClient } from '../../public.ts';
import type {
  EventShown,
  HoldCall,
  Order,
  OrderCall,
  PayCall,
  TicketCall,
  TransferCall,
  Venue,
  WaitCall,
} from './calls.ts';
import { countOf, free, type OrderRow, type SqlSteps, timeText } from './sql-steps.ts';

/** An event as its row has it. */
interface EventRow {
  readonly id: string;
  readonly places: number;
  readonly placesFree: number;
  readonly quota: number;
  readonly opensAt: number;
}

/** A request at an event that nobody else changes until its transaction ends. */
interface Entered {
  readonly event: EventRow;
  readonly nowMs: number;
  readonly now: string;
}

export class SqlBoxOffice {
  readonly #steps: SqlSteps;
  readonly #venue: Venue;
  readonly #clock: ServiceClock;

  constructor(steps: SqlSteps, venue: Venue, clock: ServiceClock) {
    this.#steps = steps;
    this.#venue = venue;
    this.#clock = clock;
  }

  async answer(client: SqlClient, call: TicketCall): Promise<Reply> {
    const counted = call.operation === 'hold' ? await this.#steps.countBefore(client, call) : null;
    if (call.operation === 'pay' && !this.#steps.paysAtOnce) return await this.#payInTwo(client, call);
    const reply = await client.begin((sql) => this.#answerIn(sql, call, counted));
    if (!this.#steps.promotesAtOnce) await this.#promote(client, call.event);
    return reply;
  }

  async #answerIn(sql: SqlClient, call: TicketCall, counted: number | null): Promise<Reply> {
    const entered = await this.#enter(sql, call.event);
    switch (call.operation) {
      case 'hold':
        return await this.#hold(sql, call, entered, counted);
      case 'pay':
        return await this.#pay(sql, call, await this.#isPayable(sql, call.order));
      case 'confirm':
        return await this.#confirm(sql, call, entered);
      case 'release':
        return await this.#release(sql, call, entered);
      case 'refund':
        return await this.#refund(sql, call);
      case 'transfer':
        return await this.#transfer(sql, call, entered);
      case 'join':
        return await this.#join(sql, call, entered);
      case 'leave':
        return await this.#leave(sql, call, entered);
      case 'read':
        return ok({ ...(await eventShown(sql, call.event, entered.now)) });
    }
  }

  /**
   * Locks the event and does what has become due there. Writing the row, not only locking it, makes the later snapshot
   * of a repeatable-read or serializable transaction fail. The time is asked behind the lock: who is let in later
   * never has an earlier one.
   */
  async #enter(sql: SqlClient, id: string): Promise<Entered> {
    await sql`update events set version = version + 1 where id = ${id}`;
    const nowMs = this.#clock.databaseMs();
    const now = timeText(nowMs);
    const ranOut = await this.#steps.takeRanOut(sql, id, now);
    for (const order of ranOut.toSorted((a, b) => (a.id < b.id ? -1 : 1))) await free(sql, id, order);
    if (this.#steps.promotesAtOnce) await this.#promote(sql, id);
    const [event] = await sql<EventRow>`
      select id, places, places_free as "placesFree", quota, (extract(epoch from opens_at) * 1000)::float8 as "opensAt"
      from events where id = ${id}`;
    return { event: event as EventRow, nowMs, now };
  }

  /** Offers free places to those who wait, the first first. */
  async #promote(sql: SqlClient, event: string): Promise<void> {
    for (;;) {
      const waiter = await this.#steps.nextWaiter(sql, event);
      if (!waiter) return;
      const expiresAt = timeText(this.#clock.databaseMs() + this.#venue.offerMs);
      await sql`update waiting set state = 'promoted' where order_id = ${waiter.order}`;
      await sql`
        insert into orders (id, event, owner, places, expires_at, is_offer)
        values (${waiter.order}, ${event}, ${waiter.owner}, 1, ${expiresAt}::timestamptz, true)
        on conflict (id) do nothing`;
      await sql`update events set places_free = places_free - 1 where id = ${event}`;
    }
  }

  async #hold(
    sql: SqlClient,
    { order, citizen, seats, places }: HoldCall,
    { event, nowMs, now }: Entered,
    counted: number | null,
  ): Promise<Reply> {
    const known = await orderOf(sql, order);
    if (known) return isAlive(known, nowMs) ? ok({ expiresAt: known.expiresAt }) : ENDED;
    if (!this.#steps.isOpen(event.opensAt, nowMs)) return refused('not-open');
    const has = counted ?? (await countOf(sql, event.id, citizen, now));
    if (has + seats.length + places > event.quota) return refused('quota');
    if (places > event.placesFree) return TAKEN;
    const expiresAt = nowMs + this.#venue.holdMs;
    await sql`
      insert into orders (id, event, owner, places, expires_at)
      values (${order}, ${event.id}, ${citizen}, ${places}, ${timeText(expiresAt)}::timestamptz)`;
    if (places > 0) await sql`update events set places_free = places_free - ${places} where id = ${event.id}`;
    for (const seat of seats) {
      const took = await sql`
        update seats set order_id = ${order} where event = ${event.id} and name = ${seat} and order_id is null returning name`;
      // What was taken of the order before goes with the transaction.
      if (took.length === 0 && this.#steps.isHoldWhole) throw new Refused(TAKEN);
      if (took.length === 0) return TAKEN;
      await sql`insert into order_seats (order_id, seat) values (${order}, ${seat})`;
    }
    return ok({ expiresAt });
  }

  /** The payment in one transaction, and what it does in another, between which others come. */
  async #payInTwo(client: SqlClient, call: PayCall): Promise<Reply> {
    const isPayable = await client.begin(async (sql) => {
      await this.#enter(sql, call.event);
      return await this.#isPayable(sql, call.order);
    });
    return await client.begin((sql) => this.#pay(sql, call, isPayable));
  }

  async #isPayable(sql: SqlClient, id: string): Promise<boolean> {
    const order = await orderOf(sql, id);
    return order !== undefined && isStanding(order, this.#steps.timeOfPayment(this.#clock));
  }

  async #pay(
    sql: SqlClient,
    { event, order, payment, status }: PayCall,
    isPayable: boolean,
  ): Promise<Reply> {
    const before = await this.#steps.findPayment(sql, { event, order, payment, status, operation: 'pay' });
    if (before) return ok({ state: before.outcome });
    const outcome = status === 'failed' ? status : isPayable ? 'paid' : this.#steps.late;
    if (outcome === 'paid' && isPayable) await sql`update orders set state = 'paid' where id = ${order}`;
    await sql`
      insert into payments (id, status, event, order_id, outcome)
      values (${payment}, ${status}, ${event}, ${order}, ${outcome}) on conflict do nothing`;
    return ok({ state: outcome });
  }

  async #confirm(sql: SqlClient, call: OrderCall, { nowMs }: Entered): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (!order || !isAlive(order, nowMs)) return ENDED;
    if (order.state === 'held') return refused('unpaid');
    await sql`update orders set state = 'sold' where id = ${order.id} and state = 'paid'`;
    return ok({});
  }

  async #release(sql: SqlClient, call: OrderCall, { event, nowMs }: Entered): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (!order || !(await this.#steps.release(sql, event.id, order, isStanding(order, nowMs)))) {
      return refused('not-held');
    }
    if (this.#steps.promotesAtOnce) await this.#promote(sql, event.id);
    return ok({});
  }

  async #refund(sql: SqlClient, call: OrderCall): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (order?.state !== 'paid' && order?.state !== 'sold') return refused('not-sold');
    await this.#steps.refund(sql, call.event, order);
    if (this.#steps.promotesAtOnce) await this.#promote(sql, call.event);
    return ok({});
  }

  async #transfer(sql: SqlClient, call: TransferCall, { event, now }: Entered): Promise<Reply> {
    const order = await orderOf(sql, call.order);
    if (order?.state !== 'sold') return refused('not-sold');
    if (order.owner !== call.citizen) return refused('not-owner');
    if (call.to === order.owner) return ok({});
    const has = await countOf(sql, event.id, call.to, now);
    const seats = await sql`select seat from order_seats where order_id = ${order.id}`;
    if (has + seats.length + order.places > event.quota) return refused('quota');
    await this.#steps.transfer(sql, order, call.to);
    return ok({});
  }

  async #join(sql: SqlClient, { order, citizen }: WaitCall, { event, nowMs }: Entered): Promise<Reply> {
    const before = await waitOf(sql, order);
    if (before) {
      const offer = await orderOf(sql, order);
      return before === 'waiting' || (offer && isAlive(offer, nowMs)) ? ok({}) : ENDED;
    }
    if (event.placesFree > 0) return refused('available');
    await sql`insert into waiting (event, order_id, owner) values (${event.id}, ${order}, ${citizen})`;
    return ok({});
  }

  async #leave(sql: SqlClient, { order: id }: WaitCall, { event, nowMs }: Entered): Promise<Reply> {
    const before = await waitOf(sql, id);
    if (before === 'waiting') {
      await sql`update waiting set state = 'left' where order_id = ${id}`;
      return ok({});
    }
    const offer = before === 'promoted' ? await orderOf(sql, id) : undefined;
    if (!offer || !(await this.#steps.release(sql, event.id, offer, isStanding(offer, nowMs)))) {
      return refused('not-waiting');
    }
    if (this.#steps.promotesAtOnce) await this.#promote(sql, event.id);
    return ok({});
  }
}

/** Thrown to roll a transaction back that is answered so. */
export class Refused extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('The request is refused.');
    this.reply = reply;
  }
}

/** An event at the time `now`; its orders by id. Nobody may change it meanwhile. */
export async function eventShown(sql: SqlClient, id: string, now: string): Promise<EventShown> {
  const [event] = await sql<Omit<EventRow, 'placesFree'>>`
    select id, places, quota, (extract(epoch from opens_at) * 1000)::float8 as "opensAt" from events where id = ${id}`;
  const seats = await sql<{ name: string }>`select name from seats where event = ${id} order by number`;
  const orders = await sql<Order>`
    select id, owner, places, state,
      coalesce((select array_agg(seat order by seat collate "C") from order_seats s where s.order_id = o.id), '{}') as seats,
      case when state = 'held' then (extract(epoch from expires_at) * 1000)::float8 end as "expiresAt"
    from orders o
    where event = ${id} and (state in ('paid', 'sold', 'refunded') or state = 'held' and expires_at > ${now}::timestamptz)
    order by id collate "C"`;
  const waiting = await sql<{ order: string }>`
    select order_id as "order" from waiting where event = ${id} and state = 'waiting' order by number`;
  const [money] = await sql<{ held: number }>`
    select count(*)::int as held from payments p left join orders o on o.id = p.order_id
    where p.event = ${id} and p.outcome = 'paid' and coalesce(o.state, 'released') not in ('paid', 'sold', 'refunded')`;
  return {
    ...(event as EventRow),
    seats: seats.map(({ name }) => name),
    orders,
    waiting: waiting.map(({ order }) => order),
    moneyHeld: money?.held ?? 0,
  };
}

async function orderOf(sql: SqlClient, id: string): Promise<OrderRow | undefined> {
  const [order] = await sql<OrderRow>`
    select id, owner, places, state, (extract(epoch from expires_at) * 1000)::float8 as "expiresAt"
    from orders where id = ${id}`;
  return order;
}

async function waitOf(sql: SqlClient, order: string): Promise<string | undefined> {
  const [row] = await sql<{ state: string }>`select state from waiting where order_id = ${order}`;
  return row?.state;
}

function isStanding({ state, expiresAt }: OrderRow, nowMs: number): boolean {
  return state === 'held' && nowMs < expiresAt;
}

/** Held, or bought. */
function isAlive(order: OrderRow, nowMs: number): boolean {
  return order.state === 'paid' || order.state === 'sold' || isStanding(order, nowMs);
}

const TAKEN = refused('taken');
const ENDED = refused('ended');

function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}

function refused(reason: string): Reply {
  return { outcome: 'refused', reason };
}
