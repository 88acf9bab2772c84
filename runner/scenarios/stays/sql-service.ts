/** The reference house over PostgreSQL, right at every isolation level; a known bug replaces single steps. */
import type { SqlService } from '../../public.ts';
import { sqlState } from '../../service/sql-service.ts';
import { answered } from '../answered.ts';
import type { Calendar, House, Resource, StayCall } from './calls.ts';
import { TAKEN } from './replies.ts';
import { calendarOf, type FreeCache, SqlHouse } from './sql-house.ts';
import { rightSqlSteps, type SqlSteps } from './sql-steps.ts';

/** The service with `steps` in place of the right ones. */
export function sqlHouse(steps: Partial<SqlSteps> = {}): SqlService {
  const step: SqlSteps = { ...rightSqlSteps, ...steps };
  const cache: FreeCache = new Map();
  let house = new SqlHouse(step, 'UTC', cache);
  return {
    schema: `
      create table resources (
        id text primary key, number int not null, units int not null, buffer int not null, version int not null default 0
      );
      create table bookings (
        id text primary key,
        resource text not null references resources (id),
        number int not null,
        unit int not null,
        first_unit int not null,
        during tstzrange not null,
        active boolean not null default true
      );
      create index bookings_resource on bookings (resource) where active;${step.schema}`,
    async prepare(sql, world) {
      const { zone, resources } = world as House;
      house = new SqlHouse(step, zone, cache);
      cache.clear();
      for (const [number, { id, units, buffer }] of resources.entries()) {
        await sql`insert into resources (id, number, units, buffer) values (${id}, ${number}, ${units}, ${buffer})`;
      }
    },
    handle: (sql, call) => answered(() => house.answer(sql, call as StayCall), takenIn),
    async inspect(sql) {
      const resources = await sql<Resource>`select id from resources order by number`;
      const calendars: Calendar[] = [];
      for (const { id } of resources) calendars.push(await calendarOf(sql, id));
      return calendars;
    },
  };
}

/** 23P01: another booking excludes it. */
function takenIn(error: unknown) {
  return sqlState(error) === '23P01' ? TAKEN : null;
}
