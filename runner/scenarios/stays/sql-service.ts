/** The reference house over PostgreSQL, right at every isolation level; a known bug replaces single steps. */
import type { Reply, SqlService } from '../../public.ts';
import type { Calendar, House, Resource, StayCall } from './calls.ts';
import { TAKEN } from './replies.ts';
import { calendarOf, type FreeCache, Refused, SqlHouse } from './sql-house.ts';
import { rightSqlSteps, type SqlSteps } from './sql-steps.ts';

/** How often a transaction is tried when the database asks for it to be tried again. */
const ATTEMPTS = 8;

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
    handle: (sql, call) => answered(() => house.answer(sql, call as StayCall)),
    async inspect(sql) {
      const resources = await sql<Resource>`select id from resources order by number`;
      const calendars: Calendar[] = [];
      for (const { id } of resources) calendars.push(await calendarOf(sql, id));
      return calendars;
    },
  };
}

/** Tries again on serialization failures (40001) and deadlocks (40P01); 23P01 says that the time is taken. */
async function answered(work: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refused) return error.reply;
      const { code } = error as { code?: unknown };
      if (code === '23P01') return TAKEN;
      if ((code !== '40001' && code !== '40P01') || attempt === ATTEMPTS) throw error;
    }
  }
}
