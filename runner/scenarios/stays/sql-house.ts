/** How the house over PostgreSQL answers one request. */
import type { Reply, SqlClient } from '../../public.ts';
import { Refused } from '../answered.ts';
import type { Calendar, MoveCall, Range, ResizeCall, Resource, Stay, StayCall } from './calls.ts';
import { EMPTY, ok, TAKEN, UNKNOWN, type Wanted } from './replies.ts';
import { isEmpty } from './resource.ts';
import type { SqlSteps } from './sql-steps.ts';

/** What searches know of the bookings of each resource, where they are cached. */
export type FreeCache = Map<string, Calendar>;

export class SqlHouse {
  readonly #steps: SqlSteps;
  readonly #zone: string;
  readonly #cache: FreeCache;

  constructor(steps: SqlSteps, zone: string, cache: FreeCache) {
    this.#steps = steps;
    this.#zone = zone;
    this.#cache = cache;
  }

  async answer(client: SqlClient, call: StayCall): Promise<Reply> {
    switch (call.operation) {
      case 'book': {
        const wanted = [{ ...call, ...this.#rangeOf(call) }];
        return await client.begin((sql) => this.#take(sql, wanted, ([unit]) => ok({ unit })));
      }
      case 'series':
        return await this.#series(
          client,
          call.items.map((item) => ({ ...item, ...this.#rangeOf(item), unit: null })),
        );
      case 'move':
        return await this.#move(client, call, this.#rangeOf(call));
      case 'extend':
      case 'shorten':
        return await client.begin((sql) => this.#resize(sql, call));
      case 'cancel':
        return await client.begin((sql) => this.#cancel(sql, call.booking, call.resource));
      case 'search':
        return await this.#search(client, call.resource, this.#rangeOf(call));
      case 'read': {
        const { units, buffer, bookings } = await calendarOf(client, call.resource);
        return ok({ units, buffer, bookings });
      }
    }
  }

  async #take(
    sql: SqlClient,
    wanted: readonly Wanted[],
    answer: (units: readonly number[]) => Reply,
  ): Promise<Reply> {
    const resources = await this.#takeResources(
      sql,
      wanted.map(({ resource }) => resource),
    );
    const made = await this.#made(sql, wanted);
    if (made) return answer(made);
    if (wanted.some(isEmpty)) return EMPTY;
    const units: number[] = [];
    for (const { booking, resource: id, unit: asked, ...range } of wanted) {
      const resource = resources.find((one) => one.id === id) as Resource;
      const free = await this.#freeUnits(sql, resource, range);
      const unit = free.find((one) => asked === null || one === asked);
      // What was inserted for others of a series goes with the transaction.
      if (unit === undefined) throw new Refused(TAKEN);
      await sql`
        insert into bookings (id, resource, number, unit, first_unit, during)
        select ${booking}, id, number, ${unit}, ${unit}, tstzrange(${timeOf(range.from)}::timestamptz, ${timeOf(range.to)}::timestamptz)
        from resources where id = ${id}`;
      units.push(unit);
    }
    return answer(units);
  }

  /** The units that an earlier request for the same bookings was given; null: there was none. */
  async #made(sql: SqlClient, wanted: readonly Wanted[]): Promise<number[] | null> {
    const units: number[] = [];
    for (const { booking } of wanted) {
      const [row] = await sql<{
        unit: number;
      }>`select first_unit as unit from bookings where id = ${booking}`;
      if (!row) return null;
      units.push(row.unit);
    }
    return units;
  }

  async #series(client: SqlClient, wanted: readonly Wanted[]): Promise<Reply> {
    const answer = (units: readonly number[]) => ok({ units });
    if (this.#steps.isSeriesWhole) return await client.begin((sql) => this.#take(sql, wanted, answer));
    const units: number[] = [];
    for (const one of wanted) {
      await client.begin((sql) => this.#take(sql, [one], (given) => ok({ unit: units.push(...given) })));
    }
    return answer(units);
  }

  async #move(client: SqlClient, call: MoveCall, range: Range): Promise<Reply> {
    if (isEmpty(range)) return EMPTY;
    const { booking } = call;
    if (this.#steps.freesFirst) {
      const freed = await client`
        update bookings set active = false where id = ${booking} and resource = ${call.resource} and active returning id`;
      if (freed.length === 0) return UNKNOWN;
    }
    const reply = await client.begin((sql) => this.#movedTo(sql, call, range));
    if (this.#steps.freesFirst) await client`update bookings set active = true where id = ${booking}`;
    return reply;
  }

  async #movedTo(sql: SqlClient, { booking, resource, target }: MoveCall, range: Range): Promise<Reply> {
    const resources = await this.#takeResources(sql, [resource, target]);
    const found = await sql`
      select id from bookings
      where id = ${booking} and resource = ${resource} and (active or ${this.#steps.freesFirst})`;
    if (found.length === 0) return UNKNOWN;
    const place = resources.find(({ id }) => id === target) as Resource;
    const [unit] = await this.#freeUnits(sql, place, range, booking);
    if (unit === undefined) return TAKEN;
    await sql`
      update bookings b set resource = r.id, number = r.number, unit = ${unit},
        during = tstzrange(${timeOf(range.from)}::timestamptz, ${timeOf(range.to)}::timestamptz)
      from resources r where b.id = ${booking} and r.id = ${target}`;
    return ok({ unit });
  }

  async #resize(sql: SqlClient, { booking, resource: id, to: end }: ResizeCall): Promise<Reply> {
    const [resource] = await this.#takeResources(sql, [id]);
    const [stay] = await sql<Stay>`
      select id, unit, (extract(epoch from lower(during)) / 60)::int as "from", (extract(epoch from upper(during)) / 60)::int as "to"
      from bookings where id = ${booking} and resource = ${id} and active`;
    if (!stay) return UNKNOWN;
    const { to } = this.#rangeOf({ from: end, to: end });
    if (to <= stay.from) return EMPTY;
    const free = await this.#freeUnits(sql, resource as Resource, { from: stay.from, to }, booking);
    if (!free.includes(stay.unit)) return TAKEN;
    await sql`
      update bookings set during = tstzrange(lower(during), ${timeOf(to)}::timestamptz) where id = ${booking}`;
    return ok({});
  }

  async #cancel(sql: SqlClient, booking: string, resource: string): Promise<Reply> {
    await this.#takeResources(sql, [resource]);
    const rows = await sql`
      update bookings set active = false where id = ${booking} and resource = ${resource} and active returning id`;
    return rows.length > 0 ? ok({}) : UNKNOWN;
  }

  async #search(client: SqlClient, resource: string, range: Range): Promise<Reply> {
    if (isEmpty(range)) return EMPTY;
    if (this.#steps.cachesFree) {
      const known = this.#cache.get(resource) ?? (await calendarOf(client, resource));
      this.#cache.set(resource, known);
      const wide = this.#steps.needed(range, known.buffer);
      const taken = known.bookings.filter(({ from, to }) => from < wide.to && wide.from < to);
      return ok({ units: unitsWithout(known.units, taken) });
    }
    // Nobody changes these, so that what is booked is read at one instant.
    const [found] = await client<Resource>`select id, units, buffer from resources where id = ${resource}`;
    return ok({ units: await this.#freeUnits(client, found as Resource, range) });
  }

  async #takeResources(sql: SqlClient, ids: readonly string[]): Promise<Resource[]> {
    for (const id of ids) this.#cache.delete(id);
    return await this.#steps.takeResources(sql, ids);
  }

  /** The units that nobody but `except` takes in this time. */
  async #freeUnits(
    sql: SqlClient,
    { id, units, buffer }: Resource,
    range: Range,
    except = '',
  ): Promise<number[]> {
    const { from, to } = this.#steps.needed(range, buffer);
    const taken = await sql<{ unit: number }>`
      select unit from bookings
      where resource = ${id} and active and id <> ${except}
        and tstzrange(lower(during), upper(during), ${this.#steps.bounds})
          && tstzrange(${timeOf(from)}::timestamptz, ${timeOf(to)}::timestamptz, ${this.#steps.bounds})
      order by unit`;
    return unitsWithout(units, taken);
  }

  #rangeOf(span: { from: string; to: string }): Range {
    return this.#steps.rangeOf(this.#zone, span);
  }
}

/** A resource at one instant; its bookings by id. */
export async function calendarOf(sql: SqlClient, resource: string): Promise<Calendar> {
  const rows = await sql<Resource & { booking: string | null; unit: number; from: number; to: number }>`
    select r.id, r.units, r.buffer, b.id as booking, b.unit,
      (extract(epoch from lower(b.during)) / 60)::int as "from", (extract(epoch from upper(b.during)) / 60)::int as "to"
    from resources r left join bookings b on b.resource = r.id and b.active
    where r.id = ${resource} order by b.id collate "C"`;
  const { units = 0, buffer = 0 } = rows[0] ?? {};
  const bookings = rows.flatMap(({ booking: id, unit, from, to }) =>
    id === null ? [] : [{ id, unit, from, to }],
  );
  return { id: resource, units, buffer, bookings };
}

function unitsWithout(units: number, taken: readonly { readonly unit: number }[]): number[] {
  return Array.from({ length: units }, (_, i) => i + 1).filter(
    (unit) => !taken.some((one) => one.unit === unit),
  );
}

/** As PostgreSQL reads it. */
function timeOf(instant: number): string {
  return new Date(instant * 60_000).toISOString();
}
