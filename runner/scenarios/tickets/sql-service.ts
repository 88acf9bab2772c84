/** The reference box office over PostgreSQL, right at every isolation level; a known bug replaces single steps. */
import type { Reply, ServiceClock, SqlService } from '../../public.ts';
import type { EventShown, TicketCall, Venue } from './calls.ts';
import { eventShown, Refused, SqlBoxOffice } from './sql-box-office.ts';
import { rightSqlSteps, type SqlSteps, timeText } from './sql-steps.ts';

/** How often a transaction is tried when the database asks for it to be tried again. */
const ATTEMPTS = 8;

/** The tables of the shop, for services at a URL too. */
export const TICKET_TABLES = `
  create table events (
    id text primary key,
    number int not null,
    places int not null,
    places_free int not null,
    quota int not null,
    opens_at timestamptz not null,
    version int not null default 0
  );
  create table orders (
    id text primary key,
    event text not null references events (id),
    owner text not null,
    places int not null,
    state text not null default 'held',
    expires_at timestamptz not null,
    is_offer boolean not null default false,
    freed boolean not null default false
  );
  create index orders_event on orders (event);
  create table seats (
    event text not null references events (id),
    name text not null,
    number int not null,
    order_id text references orders (id),
    primary key (event, name)
  );
  create table order_seats (
    order_id text not null references orders (id),
    seat text not null,
    primary key (order_id, seat)
  );
  create table payments (
    id text not null,
    status text not null,
    event text not null,
    order_id text not null,
    outcome text not null,
    primary key (id, status)
  );
  create table waiting (
    number bigint generated always as identity primary key,
    event text not null references events (id),
    order_id text not null unique,
    owner text not null,
    state text not null default 'waiting'
  );`;

/** The service with `steps` in place of the right ones. */
export function sqlBoxOffice(steps: Partial<SqlSteps> = {}): SqlService {
  const step: SqlSteps = { ...rightSqlSteps, ...steps };
  let venue: Venue = { events: [], holdMs: 0, offerMs: 0 };
  // For audits, which get none: before the first request nothing is held.
  let lastClock: ServiceClock | null = null;
  return {
    schema: TICKET_TABLES,
    async prepare(sql, world) {
      venue = world as Venue;
      for (const [number, { id, seats, places, quota, opensAt }] of venue.events.entries()) {
        await sql`
          insert into events (id, number, places, places_free, quota, opens_at)
          values (${id}, ${number}, ${places}, ${places}, ${quota}, ${timeText(opensAt)}::timestamptz)`;
        for (const [place, name] of seats.entries()) {
          await sql`insert into seats (event, name, number) values (${id}, ${name}, ${place})`;
        }
      }
    },
    handle(sql, call, clock) {
      lastClock = clock;
      return answered(() => new SqlBoxOffice(step, venue, clock).answer(sql, call as TicketCall));
    },
    async inspect(sql) {
      const now = timeText(lastClock?.databaseMs() ?? 0);
      const shown: EventShown[] = [];
      const events = await sql<{ id: string }>`select id from events order by number`;
      for (const { id } of events) shown.push(await eventShown(sql, id, now));
      return shown;
    },
  };
}

/** Tries again on serialization failures (40001) and deadlocks (40P01). */
async function answered(work: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refused) return error.reply;
      const { code } = error as { code?: unknown };
      if ((code !== '40001' && code !== '40P01') || attempt === ATTEMPTS) throw error;
    }
  }
}
