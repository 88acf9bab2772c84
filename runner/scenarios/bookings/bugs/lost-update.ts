/** Read, compute, write: the count of seats that a cancel writes is the one from before a booking. */
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';
import { countedSeats } from './counted-seats.ts';

export const lostUpdate: Bug = {
  name: 'lost-update',
  sql: () => ({
    ...countedSeats,
    cancel: (client, id) =>
      client.begin(async (sql) => {
        const [slot] = await sql<{ id: string; taken: number }>`
          select s.id, s.taken from slots s join bookings b on b.slot = s.id where b.id = ${id}`;
        const ended = await rightSqlSteps.cancel(sql, id);
        if (ended && slot) await sql`update slots set taken = ${slot.taken - 1} where id = ${slot.id}`;
        return ended;
      }),
  }),
  memory: null,
};
