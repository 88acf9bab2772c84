/** The steps of the box office over PostgreSQL that a known bug replaces. */
import type { ServiceClock, SqlClient } from '../../public.ts';
import type { HoldCall, PayCall } from './calls.ts';

/** An order as its row has it. */
export interface OrderRow {
  readonly id: string;
  readonly owner: string;
  readonly places: number;
  readonly state: 'held' | 'paid' | 'sold' | 'refunded' | 'released';
  /** When its hold runs out or would have, in ms since 1970. */
  readonly expiresAt: number;
}

/** Who is next on a waiting list. */
export interface Waiter {
  readonly order: string;
  readonly owner: string;
}

export interface SqlSteps {
  /** True while the sale of the event is open. */
  isOpen(opensAt: number, nowMs: number): boolean;
  /** What a payment asks whether its hold still stands. */
  timeOfPayment(clock: ServiceClock): number;
  /** Orders whose time is over, each of them once. */
  takeRanOut(sql: SqlClient, event: string, now: string): Promise<OrderRow[]>;
  /** Who gets a free place; undefined: none is free, or nobody waits. */
  nextWaiter(sql: SqlClient, event: string): Promise<Waiter | undefined>;
  /** What became of this payment when it was told of before; undefined: it was not. */
  findPayment(sql: SqlClient, call: PayCall): Promise<{ outcome: string } | undefined>;
  /** What becomes of money for an order that does not stand. */
  readonly late: 'refunded' | 'paid';
  /** Ends a hold that stands, and frees what it took; false when it does not stand. */
  release(sql: SqlClient, event: string, order: OrderRow, stands: boolean): Promise<boolean>;
  refund(sql: SqlClient, event: string, order: OrderRow): Promise<void>;
  transfer(sql: SqlClient, order: OrderRow, to: string): Promise<void>;
  /** False: what was taken of an order stays taken although it is refused. */
  readonly isHoldWhole: boolean;
  /** Whether a payment finds its hold and pays it in one transaction. */
  readonly paysAtOnce: boolean;
  /** Whether free places are given to who waits in the transaction that frees them. */
  readonly promotesAtOnce: boolean;
  /** Counts what this citizen has of the event before the event is locked; null: it is counted afterwards. */
  countBefore(sql: SqlClient, call: HoldCall): Promise<number | null>;
}

export const rightSqlSteps: SqlSteps = {
  isOpen: (opensAt, nowMs) => nowMs >= opensAt,
  timeOfPayment: (clock) => clock.databaseMs(),
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
  async findPayment(sql, { payment, status }) {
    const [found] = await sql<{ outcome: string }>`
      select outcome from payments where id = ${payment} and status = ${status}`;
    return found;
  },
  late: 'refunded',
  async release(sql, event, order, stands) {
    if (!stands) return false;
    await sql`update orders set state = 'released', freed = true where id = ${order.id}`;
    await free(sql, event, order);
    return true;
  },
  async refund(sql, event, order) {
    await sql`update orders set state = 'refunded', freed = true where id = ${order.id}`;
    await free(sql, event, order);
  },
  async transfer(sql, { id }, to) {
    await sql`update orders set owner = ${to} where id = ${id}`;
  },
  isHoldWhole: true,
  paysAtOnce: true,
  promotesAtOnce: true,
  countBefore: async () => null,
};

/** Gives back what an order took. */
export async function free(
  sql: SqlClient,
  event: string,
  { id, places }: Pick<OrderRow, 'id' | 'places'>,
): Promise<void> {
  await sql`update seats set order_id = null where order_id = ${id}`;
  if (places > 0) await sql`update events set places_free = places_free + ${places} where id = ${event}`;
}

/** How much of the event this citizen holds or owns. */
export async function countOf(
  sql: SqlClient,
  event: string,
  citizen: string,
  now: string,
): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select (coalesce(sum(o.places), 0) + coalesce(sum((select count(*) from order_seats s where s.order_id = o.id)), 0))::int as count
    from orders o
    where o.event = ${event} and o.owner = ${citizen}
      and (o.state in ('paid', 'sold') or o.state = 'held' and o.expires_at > ${now}::timestamptz)`;
  return row?.count ?? 0;
}

/** As PostgreSQL reads it. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
