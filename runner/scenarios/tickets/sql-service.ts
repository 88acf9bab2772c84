/** The reference box office over PostgreSQL, right at every isolation level; a known bug replaces single steps. */
import type { ServiceClock, SqlService } from '../../public.ts';
import { answered } from '../answered.ts';
import type { EventShown, PayCall, TicketCall, Venue } from './calls.ts';
import { SqlBoxOffice } from './sql-box-office.ts';
import { rightSqlSteps, type SqlSteps, storePaid, timeText } from './sql-steps.ts';
import { eventShown, prepareEvents, TICKET_TABLES } from './sql-tables.ts';

/** The service with `steps` in place of the right ones. */
export function sqlBoxOffice(steps: Partial<SqlSteps> = {}): SqlService {
  const step: SqlSteps = { ...rightSqlSteps, ...steps };
  let venue: Venue = { events: [], holdMs: 0, offerMs: 0 };
  // For audits, which are given none: before the first request nothing is held.
  let lastClock: ServiceClock | null = null;
  const unstored = new Set<PayCall>();
  return {
    schema: TICKET_TABLES,
    async prepare(sql, world) {
      venue = world as Venue;
      unstored.clear();
      await prepareEvents(sql, world);
    },
    handle(sql, call, clock) {
      lastClock = clock;
      return answered(() => new SqlBoxOffice(step, venue, clock, unstored).answer(sql, call as TicketCall));
    },
    restarted: () => unstored.clear(),
    async inspect(sql) {
      for (const call of unstored) await storePaid(sql, call);
      const now = timeText(lastClock?.databaseMs() ?? 0);
      const events = await sql<{ id: string }>`select id from events order by number`;
      const shown: EventShown[] = [];
      for (const { id } of events) shown.push(await eventShown(sql, id, now));
      return shown;
    },
  };
}
