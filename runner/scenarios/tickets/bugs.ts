/** The known bugs of `tickets`: the few steps in which a wrong box office differs from the right one. */
import { type MemorySteps, rightMemorySteps } from './memory-steps.ts';
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

export interface TicketBug {
  readonly name: string;
  readonly sql: Partial<SqlSteps>;
  readonly memory: Partial<MemorySteps>;
}

const MINUTE_MS = 60_000;

export const TICKET_BUGS: readonly TicketBug[] = [
  {
    name: 'cancelled-waiter-promoted',
    sql: {
      async nextWaiter(sql, event) {
        const [waiter] = await sql<Waiter>`
          select w.order_id as "order", w.owner from waiting w join events e on e.id = w.event
          where w.event = ${event} and w.state <> 'promoted' and e.places_free > 0
          order by w.number limit 1`;
        return waiter;
      },
    },
    memory: { leavesList: false },
  },
  {
    name: 'cleaner-frees-sold',
    sql: {
      takeRanOut: (sql, event, now) => sql<OrderRow>`
        update orders set freed = true
        where event = ${event} and not freed and expires_at <= ${now}::timestamptz
        returning id, places`,
    },
    memory: { isOver: ({ expiresAt }, nowMs) => expiresAt !== null && expiresAt <= nowMs },
  },
  { name: 'expires-while-paying', sql: { paysAtOnce: false }, memory: { locksPayment: false } },
  { name: 'late-payment-lost', sql: { givesBack: false }, memory: { givesBack: false } },
  {
    name: 'offer-never-ends',
    sql: {
      takeRanOut: (sql, event, now) => sql<OrderRow>`
        update orders set freed = true
        where event = ${event} and state = 'held' and not is_offer and not freed and expires_at <= ${now}::timestamptz
        returning id, places`,
    },
    memory: { isOver: (row, nowMs) => !row.isOffer && rightMemorySteps.isOver(row, nowMs) },
  },
  {
    name: 'opens-early',
    sql: {
      isOpen: (nowMs, opensAt) => nowMs >= opensAt - (opensAt % MINUTE_MS),
    },
    memory: { isOpen: (nowMs, opensAt) => nowMs >= opensAt - (opensAt % MINUTE_MS) },
  },
  { name: 'paid-before-stored', sql: { storesPayments: false }, memory: { storesPayments: false } },
  {
    name: 'paid-twice',
    sql: {
      findPayment: async () => undefined,
      isPayable: (order, nowMs) =>
        isStanding(order, nowMs) || order.state === 'paid' || order.state === 'sold',
    },
    memory: { knowsPayments: false },
  },
  { name: 'partial-order', sql: { isHoldWhole: false }, memory: { takesAllOrNone: false } },
  { name: 'promoted-twice', sql: { promotesAtOnce: false }, memory: { locksFreeing: false } },
  {
    name: 'quota-check-then-count',
    sql: {
      countBefore: (sql, { event, citizen }, clock) =>
        countOf(sql, event, citizen, timeText(clock.databaseMs())),
    },
    memory: { locksQuota: false },
  },
  {
    name: 'refund-frees-two',
    sql: {
      async refund(sql, event, order) {
        await rightSqlSteps.refund(sql, event, order);
        await free(sql, event, order);
      },
    },
    memory: { refundFrees: 2 },
  },
  {
    name: 'sold-twice-after-release',
    sql: {
      async release(sql, event, order, stands) {
        await sql`
          update seats set order_id = null
          where event = ${event} and name in (select seat from order_seats where order_id = ${order.id})`;
        return await rightSqlSteps.release(sql, event, order, stands);
      },
    },
    memory: { looksBeforeRelease: false },
  },
  {
    name: 'transfer-keeps-both',
    sql: {
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
    memory: { movesTickets: false },
  },
  {
    name: 'two-clocks',
    sql: { isPayable: (order, _nowMs, clock) => isStanding(order, clock.nowMs()) },
    memory: {
      standsForPayment: ({ state, expiresAt }, clock) =>
        state === 'held' || (state === 'ended' && expiresAt !== null && expiresAt > clock.nowMs()),
    },
  },
];

/** The bug of this name; an error that lists the known ones when there is none. */
export function findTicketBug(name: string): TicketBug {
  const found = TICKET_BUGS.find((known) => known.name === name);
  if (!found) {
    const known = TICKET_BUGS.map((each) => each.name).join(', ');
    throw new Error(`There is no bug "${name}" of tickets. Known bugs: ${known}.`);
  }
  return found;
}
