/**
 * The reference booking service over PostgreSQL: ordinary TypeScript with transactions, right at every
 * isolation level. A bug of the zoo replaces single steps of it.
 */

import type { Call, Reply } from '../../../service/call.ts';
import type { ServiceClock, SqlClient, SqlService } from '../../../service/sql-service.ts';
import { retried } from '../../answered.ts';
import type { BookCall, BookingCall, BookingWorld, SlotRow, SlotView } from '../calls.ts';

/** A slot as a booking finds it. */
export interface TakenSlot {
  readonly id: string;
  readonly capacity: number;
  readonly open: boolean;
  /** Seats taken, for services that keep count in a column. */
  readonly taken?: number;
  /** Who sits in it, joined by commas, for services that look it up in the same statement. */
  readonly citizens?: string | null;
}

/** The steps of the service that bugs replace. */
export interface SqlSteps {
  /** SQL after the tables: what a wrong service has otherwise in them. */
  readonly schema: string;
  /** Runs all of a booking in one transaction. */
  transaction(client: SqlClient, work: (sql: SqlClient) => Promise<Reply>, call: BookCall): Promise<Reply>;
  /** Tries again when the database says that it would help: serialization failures, deadlocks, lock timeouts. */
  retried(work: () => Promise<Reply>): Promise<Reply>;
  /** Reads the slot; from here to the end of the transaction no other booking of it may pass. */
  takeSlot(sql: SqlClient, slot: string): Promise<TakenSlot | undefined>;
  /** The id of the booking that an earlier request with this key made. */
  findRepeat(sql: SqlClient, call: BookCall): Promise<string | undefined>;
  /** Who holds active bookings in the slot. */
  holders(sql: SqlClient, slot: TakenSlot): Promise<readonly string[]>;
  isFull(slot: TakenSlot, holders: readonly string[]): boolean;
  /** Stores the booking and returns its id; null: there turned out to be no seat. */
  insert(sql: SqlClient, call: BookCall, slot: TakenSlot, clock: ServiceClock): Promise<string | null>;
  /** Ends an active booking; false when there is none. */
  cancel(sql: SqlClient, id: string): Promise<boolean>;
  setOpen(sql: SqlClient, slot: string, open: boolean): Promise<boolean>;
  read(sql: SqlClient, slot: string): Promise<SlotView | undefined>;
  list(sql: SqlClient): Promise<SlotRow[]>;
}

export const rightSqlSteps: SqlSteps = {
  schema: '',
  transaction: (client, work) => client.begin(work),
  retried,
  // Writing the row, not only locking it, makes the later snapshot of a repeatable-read or serializable
  // transaction fail instead of counting seats that are gone.
  async takeSlot(sql, slot) {
    const [row] = await sql<TakenSlot>`
      update slots set version = version + 1 where id = ${slot} returning id, capacity, open`;
    return row;
  },
  async findRepeat(sql, { slot, citizen, key }) {
    const [row] = await sql<{ id: string }>`
      select id from bookings where slot = ${slot} and citizen = ${citizen} and key = ${key}`;
    return row?.id;
  },
  async holders(sql, slot) {
    const rows = await sql<{ citizen: string }>`
      select citizen from bookings where slot = ${slot.id} and active order by id`;
    return rows.map((row) => row.citizen);
  },
  isFull: (slot, holders) => holders.length >= slot.capacity,
  async insert(sql, { slot, citizen, key }) {
    const [row] = await sql<{ id: string }>`
      insert into bookings (slot, citizen, key) values (${slot}, ${citizen}, ${key}) returning id`;
    return (row as { id: string }).id;
  },
  async cancel(sql, id) {
    const rows = await sql`update bookings set active = false where id = ${id} and active returning id`;
    return rows.length > 0;
  },
  async setOpen(sql, slot, open) {
    const rows =
      await sql`update slots set open = ${open}, version = version + 1 where id = ${slot} returning id`;
    return rows.length > 0;
  },
  async read(sql, slot) {
    const rows = await sql<JoinedRow>`
      select s.id as slot, s.capacity, s.open, b.id, b.citizen
      from slots s left join bookings b on b.slot = s.id and b.active
      where s.id = ${slot} order by b.id`;
    return viewsOf(rows)[0];
  },
  async list(sql) {
    return await sql<SlotRow>`
      select s.id, s.capacity, s.open, count(b.id)::int as bookings
      from slots s left join bookings b on b.slot = s.id and b.active
      group by s.id order by s.id`;
  },
};

interface JoinedRow {
  slot: string;
  capacity: number;
  open: boolean;
  id: string | null;
  citizen: string | null;
}

/** The service with `steps` in place of the right ones. */
export function sqlBookingService(steps: Partial<SqlSteps> = {}): SqlService {
  const step: SqlSteps = { ...rightSqlSteps, ...steps };
  return {
    schema: SCHEMA + step.schema,
    async prepare(sql, world) {
      for (const { id, capacity, open } of (world as BookingWorld).slots) {
        await sql`insert into slots (id, capacity, open) values (${id}, ${capacity}, ${open})`;
      }
    },
    handle: (sql, call, clock) => step.retried(() => answer(step, sql, call, clock)),
    async inspect(sql) {
      return viewsOf(
        await sql<JoinedRow>`
          select s.id as slot, s.capacity, s.open, b.id, b.citizen
          from slots s left join bookings b on b.slot = s.id and b.active order by s.id, b.id`,
      );
    },
  };
}

const SCHEMA = `
  create table slots (id text primary key, capacity int not null, open boolean not null, version int not null default 0);
  create table bookings (
    number bigint generated always as identity primary key,
    id text generated always as ('b-' || number::text) stored unique,
    slot text not null references slots (id),
    citizen text not null,
    key text,
    active boolean not null default true
  );
  create index bookings_key on bookings (slot, citizen, key);
  create index bookings_active on bookings (slot) where active;
`;

async function answer(step: SqlSteps, sql: SqlClient, call: Call, clock: ServiceClock): Promise<Reply> {
  const booking = call as BookingCall;
  switch (booking.operation) {
    case 'book':
      return await book(step, sql, booking, clock);
    case 'cancel':
      return (await step.cancel(sql, booking.booking))
        ? ok({ booking: booking.booking })
        : refused('no-such-booking');
    case 'read': {
      const view = await step.read(sql, booking.slot);
      return view ? ok({ ...view }) : refused('no-such-slot');
    }
    case 'list':
      return ok({ slots: await step.list(sql) });
    case 'open':
    case 'close': {
      const known = await step.setOpen(sql, booking.slot, booking.operation === 'open');
      return known ? ok({ slot: booking.slot }) : refused('no-such-slot');
    }
  }
}

async function book(step: SqlSteps, client: SqlClient, call: BookCall, clock: ServiceClock): Promise<Reply> {
  const work = async (sql: SqlClient): Promise<Reply> => {
    const slot = await step.takeSlot(sql, call.slot);
    if (!slot) return refused('no-such-slot');
    const repeat = await step.findRepeat(sql, call);
    if (repeat) return ok({ booking: repeat });
    if (!slot.open) return refused('closed');
    const holders = await step.holders(sql, slot);
    if (holders.includes(call.citizen)) return refused('already-booked');
    if (step.isFull(slot, holders)) return refused('full');
    const booking = await step.insert(sql, call, slot, clock);
    return booking === null ? refused('full') : ok({ booking });
  };
  return await step.transaction(client, work, call);
}

function viewsOf(rows: readonly JoinedRow[]): SlotView[] {
  const views = new Map<string, SlotView>();
  for (const { slot, capacity, open, id, citizen } of rows) {
    let view = views.get(slot);
    if (!view) {
      view = { id: slot, capacity, open, bookings: [] };
      views.set(slot, view);
    }
    if (id !== null && citizen !== null) view.bookings.push({ id, citizen });
  }
  return [...views.values()];
}

function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}

export function refused(reason: string): Reply {
  return { outcome: 'refused', reason };
}
