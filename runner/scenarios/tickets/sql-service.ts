/** The reference box office over PostgreSQL, right at every isolation level; a known bug replaces single steps. */
import type { Reply, ServiceClock, SqlService } from '../../public.ts';
import type { EventShown, TicketCall, Venue } from './calls.ts';
import { Refused, SqlBoxOffice } from './sql-box-office.ts';
import { rightSqlSteps, type SqlSteps, timeText } from './sql-steps.ts';
import { eventShown, prepareEvents, TICKET_TABLES } from './sql-tables.ts';

/** How often a transaction is tried when the database asks for it to be tried again. */
const ATTEMPTS = 8;

/** The service with `steps` in place of the right ones. */
export function sqlBoxOffice(steps: Partial<SqlSteps> = {}): SqlService {
  const step: SqlSteps = { ...rightSqlSteps, ...steps };
  let venue: Venue = { events: [], holdMs: 0, offerMs: 0 };
  // For audits, which are given none: before the first request nothing is held.
  let lastClock: ServiceClock | null = null;
  return {
    schema: TICKET_TABLES,
    async prepare(sql, world) {
      venue = world as Venue;
      await prepareEvents(sql, world);
    },
    handle(sql, call, clock) {
      lastClock = clock;
      return answered(() => new SqlBoxOffice(step, venue, clock).answer(sql, call as TicketCall));
    },
    async inspect(sql) {
      const now = timeText(lastClock?.databaseMs() ?? 0);
      const events = await sql<{ id: string }>`select id from events order by number`;
      const shown: EventShown[] = [];
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
