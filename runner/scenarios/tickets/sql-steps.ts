/** The steps of the box office over PostgreSQL that a known bug replaces. */
import type { ServiceClock, SqlClient } from '../../public.ts';
import type { HoldCall, PayCall } from './calls.ts';

/** An order as its row has it. */
export interface OrderRow {
  readonly id: string;
  readonly owner: string;
  readonly places: number;
  readonly state: 'held' | 'paid' | 'sold' | 'refunded' | 'released';
  /** When its hold runs out, or would have, in ms since 1970. */
  readonly expiresAt: number;
}

/** Who is next on a waiting list. */
export interface Waiter {
  readonly order: string;
  readonly owner: string;
}

export interface SqlSteps {
  /** True when the sale of an event is open. */
  isOpen(nowMs: number, opensAt: number): boolean;
  /** Whether the order is a hold, which can be paid. */
  isPayable(order: OrderRow, nowMs: number, clock: ServiceClock): boolean;
  /** Holds whose time is over, each of them once. */
  takeRanOut(sql: SqlClient, event: string, now: string): Promise<OrderRow[]>;
  /** Who gets a free place; undefined: none is free, or nobody waits. */
  nextWaiter(sql: SqlClient, event: string): Promise<Waiter | undefined>;
  /** What this payment was answered when it was told of before; undefined: it was not. */
  findPayment(sql: SqlClient, call: PayCall): Promise<{ answer: string } | undefined>;
  /** Ends a hold and frees what it took; false when it does not stand. */
  release(sql: SqlClient, event: string, order: OrderRow, stands: boolean): Promise<boolean>;
  refund(sql: SqlClient, event: string, order: OrderRow): Promise<void>;
  transfer(sql: SqlClient, order: OrderRow, to: string): Promise<void>;
  /** How much the citizen has of the event, counted before that is locked; null: it is counted afterwards. */
  countBefore(sql: SqlClient, call: HoldCall, clock: ServiceClock): Promise<number | null>;
  /** Whether a refused order gives back what it took before it was refused. */
  readonly isHoldWhole: boolean;
  /** Whether a payment looks for its hold and pays it in one transaction. */
  readonly paysAtOnce: boolean;
  /** Whether a payment is stored before it is acknowledged, and not by the next request. */
  readonly storesPayments: boolean;
  /** Whether money for what does not stand is given back. */
  readonly givesBack: boolean;
  /** Whether free places are offered to who waits in the transaction that frees them. */
  readonly promotesAtOnce: boolean;
}

export const rightSqlSteps: SqlSteps = {
  isOpen: (nowMs, opensAt) => nowMs >= opensAt,
  isPayable: (order, nowMs) => isStanding(order, nowMs),
  takeRanOut: (sql, event, now) => sql<OrderRow>`
    update orders set freed = true
    where event = ${event} and state = 'held' and not freed and expires_at <= ${now}::timestamptz
    returning id, places`,
  async nextWaiter(sql, event) {
    const [waiter] = await sql<Waiter>`
      select w.order_id as "order", w.owner from waiting w join events e on e.id = w.event
      where w.event = ${event} and w.state = 'waiting' and e.places_free > 0
      order by w.number limit 1`;
    return waiter;
  },
  async findPayment(sql, { payment }) {
    const [found] = await sql<{ answer: string }>`select answer from payments where id = ${payment}`;
    return found;
  },
  async release(sql, event, order, stands) {
    if (!stands) return false;
    await sql`update orders set state = 'released', freed = true where id = ${order.id}`;
    await free(sql, event, order);
    return true;
  },
  async refund(sql, event, order) {
    await sql`update orders set state = 'refunded', freed = true where id = ${order.id}`;
    await sql`update payments set given_back = true where order_id = ${order.id}`;
    await free(sql, event, order);
  },
  async transfer(sql, { id }, to) {
    await sql`update orders set owner = ${to} where id = ${id}`;
  },
  countBefore: async () => null,
  isHoldWhole: true,
  paysAtOnce: true,
  storesPayments: true,
  givesBack: true,
  promotesAtOnce: true,
};

export function isStanding({ state, expiresAt }: OrderRow, nowMs: number): boolean {
  return state === 'held' && nowMs < expiresAt;
}

/** A payment of what is held; a second time nothing. */
export async function storePaid(sql: SqlClient, { event, order, payment }: PayCall): Promise<void> {
  await sql`update orders set state = 'paid' where id = ${order} and state = 'held'`;
  await sql`
    insert into payments (id, event, order_id, answer, given_back)
    select ${payment}, ${event}, ${order}, 'paid', false
    where not exists (select from payments where id = ${payment})`;
}

/** Gives back what an order took. */
export async function free(
  sql: SqlClient,
  event: string,
  { id, places }: Pick<OrderRow, 'id' | 'places'>,
): Promise<void> {
  await sql`update seats set order_id = null where order_id = ${id}`;
  if (places > 0) await sql`update events set places_free = places_free + ${places} where id = ${event}`;
}

/** How much of the event this citizen holds, owns and waits for. */
export async function countOf(sql: SqlClient, event: string, citizen: string, now: string): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select (
      (select count(*) from waiting where event = ${event} and owner = ${citizen} and state = 'waiting')
      + coalesce(sum(o.places + (select count(*) from order_seats s where s.order_id = o.id)), 0)
    )::int as count
    from orders o
    where o.event = ${event} and o.owner = ${citizen}
      and (o.state in ('paid', 'sold') or o.state = 'held' and o.expires_at > ${now}::timestamptz)`;
  return row?.count ?? 0;
}

/** As PostgreSQL reads it. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
