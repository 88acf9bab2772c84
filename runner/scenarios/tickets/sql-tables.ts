/** The tables of the box office over PostgreSQL, and an event as they show it. */
import type { SqlClient, SqlService } from '../../public.ts';
import type { EventShown, Order, Venue } from './calls.ts';
import { timeText } from './sql-steps.ts';

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
  create index seats_order on seats (order_id);
  create table order_seats (
    order_id text not null references orders (id),
    seat text not null,
    primary key (order_id, seat)
  );
  create table payments (
    number bigint generated always as identity primary key,
    id text not null,
    event text not null,
    order_id text not null,
    answer text not null,
    given_back boolean not null
  );
  create index payments_id on payments (id);
  create index payments_order on payments (order_id);
  create table waiting (
    number bigint generated always as identity primary key,
    event text not null references events (id),
    order_id text not null unique,
    owner text not null,
    state text not null default 'waiting'
  );`;

/** Puts the events of a fresh city on sale. */
export const prepareEvents: SqlService['prepare'] = async (sql, world) => {
  for (const [number, { id, seats, places, quota, opensAt }] of (world as Venue).events.entries()) {
    await sql`
      insert into events (id, number, places, places_free, quota, opens_at)
      values (${id}, ${number}, ${places}, ${places}, ${quota}, ${timeText(opensAt)}::timestamptz)`;
    for (const [at, name] of seats.entries()) {
      await sql`insert into seats (event, name, number) values (${id}, ${name}, ${at})`;
    }
  }
};

/** An event at the time `now`; its orders by id. Nobody may change it meanwhile. */
export async function eventShown(sql: SqlClient, id: string, now: string): Promise<EventShown> {
  const [event] = await sql<Omit<EventShown, 'orders'>>`
    select id, places, quota, (extract(epoch from opens_at) * 1000)::float8 as "opensAt",
      coalesce((select json_agg(name order by number) from seats s where s.event = e.id), '[]') as seats,
      coalesce((
        select json_agg(order_id order by number) from waiting w where w.event = e.id and w.state = 'waiting'
      ), '[]') as waiting,
      (
        select (count(*) - count(distinct o.id) filter (where o.state in ('paid', 'sold')))::int
        from payments p left join orders o on o.id = p.order_id
        where p.event = e.id and not p.given_back
      ) as "moneyHeld"
    from events e where id = ${id}`;
  const orders = await sql<Order>`
    select id, owner, places, state,
      coalesce((select json_agg(seat order by seat collate "C") from order_seats s where s.order_id = o.id), '[]') as seats,
      case when state = 'held' then (extract(epoch from expires_at) * 1000)::float8 end as "expiresAt"
    from orders o
    where event = ${id} and (state in ('paid', 'sold') or state = 'held' and expires_at > ${now}::timestamptz)
    order by id collate "C"`;
  return { ...(event as EventShown), orders };
}
