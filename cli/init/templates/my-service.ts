/**
 * A booking service over PostgreSQL for SimCity to break: ordinary asynchronous code that awaits nothing but
 * its `sql` client. Every statement is held at a gate and let through in an order that the seed picks.
 *
 *   simcity run --target ./my-service.ts
 *
 * There is a race in it on purpose. It is found within a few hundred operations; `simcity shrink` then shows
 * the few that matter, and the comment at `book` how to mend it.
 */
import type { Call, Reply, SqlClient, SqlService } from 'simcity/scenario';

const service: SqlService = {
  schema: `
    create table slots (id text primary key, capacity int not null, open boolean not null);
    create table bookings (
      id bigint generated always as identity primary key,
      slot text not null references slots (id),
      citizen text not null,
      key text not null,
      active boolean not null default true
    );`,

  /** Fills the tables of a fresh city. */
  async prepare(sql, world) {
    for (const { id, capacity, open } of world['slots'] as {
      id: string;
      capacity: number;
      open: boolean;
    }[]) {
      await sql`insert into slots (id, capacity, open) values (${id}, ${capacity}, ${open})`;
    }
  },

  /** Answers one request. Tries again when PostgreSQL asks for it (serialization failures, deadlocks). */
  async handle(sql, call) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await answer(sql, call);
      } catch (error) {
        const { code } = error as { code?: string };
        if ((code !== '40001' && code !== '40P01') || attempt === 8) throw error;
      }
    }
  },

  /** The whole city, for audits: every slot with its active bookings. */
  inspect: (sql) => slotsWithBookings(sql),
};

export default service;

async function answer(sql: SqlClient, call: Call): Promise<Reply> {
  const slot = String(call['slot']);
  switch (call.operation) {
    case 'book':
      return await sql.begin((tx) => book(tx, slot, String(call['citizen']), String(call['key'])));
    case 'cancel':
      return await cancel(sql, String(call['booking']));
    case 'read': {
      const view = (await slotsWithBookings(sql)).find(({ id }) => id === slot);
      return view ? ok({ ...view }) : refused('no-such-slot');
    }
    case 'list': {
      const rows = await slotsWithBookings(sql);
      return ok({ slots: rows.map(({ bookings, ...row }) => ({ ...row, bookings: bookings.length })) });
    }
    case 'open':
    case 'close':
      await sql`update slots set open = ${call.operation === 'open'} where id = ${slot}`;
      return ok({ slot });
    default:
      return refused('no-such-operation');
  }
}

async function book(tx: SqlClient, slot: string, citizen: string, key: string): Promise<Reply> {
  // The race: nothing keeps another booking of the slot out between this look and the insert below.
  // To mend it, lock the slot's row here: append `for update` to this statement.
  const [found] = await tx<{ capacity: number; open: boolean }>`
    select capacity, open from slots where id = ${slot}`;
  if (!found) return refused('no-such-slot');
  // The same request once more, because its answer was lost: it gets the same booking.
  const [repeat] = await tx<{ id: string }>`
    select id::text from bookings where slot = ${slot} and citizen = ${citizen} and key = ${key}`;
  if (repeat) return ok({ booking: `b-${repeat.id}` });
  if (!found.open) return refused('closed');
  const holders = await tx<{ citizen: string }>`
    select citizen from bookings where slot = ${slot} and active`;
  if (holders.some((holder) => holder.citizen === citizen)) return refused('already-booked');
  if (holders.length >= found.capacity) return refused('full');
  const [made] = await tx<{ id: string }>`
    insert into bookings (slot, citizen, key) values (${slot}, ${citizen}, ${key}) returning id::text`;
  return ok({ booking: `b-${made?.id}` });
}

async function cancel(sql: SqlClient, booking: string): Promise<Reply> {
  const rows = await sql`
    update bookings set active = false where id = ${booking.slice(2)}::bigint and active returning id`;
  return rows.length > 0 ? ok({ booking }) : refused('no-such-booking');
}

interface Slot {
  id: string;
  capacity: number;
  open: boolean;
  bookings: { id: string; citizen: string }[];
}

/** In one statement, so that it is the city at one instant. */
async function slotsWithBookings(sql: SqlClient): Promise<Slot[]> {
  const rows = await sql<{ id: string; capacity: number; open: boolean; booking: string; citizen: string }>`
    select s.id, s.capacity, s.open, b.id::text as booking, b.citizen
    from slots s left join bookings b on b.slot = s.id and b.active order by s.id, b.id`;
  const slots = new Map<string, Slot>();
  for (const { id, capacity, open, booking, citizen } of rows) {
    const slot = slots.get(id) ?? { id, capacity, open, bookings: [] };
    slots.set(id, slot);
    if (booking !== null) slot.bookings.push({ id: `b-${booking}`, citizen });
  }
  return [...slots.values()];
}

function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}

function refused(reason: string): Reply {
  return { outcome: 'refused', reason };
}
