/** The known bugs of `tickets` over PostgreSQL: the few steps in which a wrong box office differs from the right one. */
import {
  countOf,
  free,
  isStanding,
  type OrderRow,
  rightSqlSteps,
  type SqlSteps,
  timeText,
  type Waiter,
} from './sql-steps.ts';

const MINUTE_MS = 60_000;

export const SQL_BUGS = {
  'cancelled-waiter-promoted': {
    async nextWaiter(sql, event) {
      const [waiter] = await sql<Waiter>`
        select w.order_id as "order", w.owner from waiting w join events e on e.id = w.event
        where w.event = ${event} and w.state <> 'promoted' and e.places_free > 0
        order by w.number limit 1`;
      return waiter;
    },
  },
  'cleaner-frees-sold': {
    takeRanOut: (sql, event, now) => sql<OrderRow>`
      update orders set freed = true
      where event = ${event} and not freed and expires_at <= ${now}::timestamptz
      returning id, places`,
  },
  'expires-while-paying': { paysAtOnce: false },
  'late-payment-lost': { givesBack: false },
  'offer-never-ends': {
    takeRanOut: (sql, event, now) => sql<OrderRow>`
      update orders set freed = true
      where event = ${event} and state = 'held' and not is_offer and not freed and expires_at <= ${now}::timestamptz
      returning id, places`,
  },
  'opens-early': {
    isOpen: (opensAt, nowMs) => nowMs >= Math.floor(opensAt / MINUTE_MS) * MINUTE_MS,
  },
  'paid-twice': {
    findPayment: async () => undefined,
    isPayable: (order, nowMs) => isStanding(order, nowMs) || order.state === 'paid' || order.state === 'sold',
  },
  'partial-order': { isHoldWhole: false },
  'promoted-twice': { promotesAtOnce: false },
  'quota-check-then-count': {
    countBefore: (sql, { event, citizen }, clock) =>
      countOf(sql, event, citizen, timeText(clock.databaseMs())),
  },
  'refund-frees-two': {
    async refund(sql, event, order) {
      await rightSqlSteps.refund(sql, event, order);
      await free(sql, event, order);
    },
  },
  'sold-twice-after-release': {
    async release(sql, event, order, stands) {
      await sql`
        update seats set order_id = null
        where event = ${event} and name in (select seat from order_seats where order_id = ${order.id})`;
      return await rightSqlSteps.release(sql, event, order, stands);
    },
  },
  'transfer-keeps-both': {
    async transfer(sql, { id }, to) {
      await sql`
        insert into orders (id, event, owner, places, state, expires_at, freed)
        select id || ' of ' || ${to}, event, ${to}, places, state, expires_at, freed from orders where id = ${id}
        on conflict do nothing`;
      await sql`
        insert into order_seats (order_id, seat)
        select order_id || ' of ' || ${to}, seat from order_seats where order_id = ${id} on conflict do nothing`;
    },
  },
  'two-clocks': { isPayable: (order, _nowMs, clock) => isStanding(order, clock.nowMs()) },
} as const satisfies Readonly<Record<string, Partial<SqlSteps>>>;
