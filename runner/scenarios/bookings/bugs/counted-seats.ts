/** Seats counted in a column instead of from the bookings: right by itself, and what several bugs start from. */
import { rightSqlSteps, type SqlSteps, type TakenSlot } from '../services/postgres.ts';

export const countedSeats = {
  schema: 'alter table slots add column taken int not null default 0;',
  async takeSlot(sql, slot) {
    const [row] = await sql<TakenSlot>`
      update slots set version = version + 1 where id = ${slot} returning id, capacity, open, taken`;
    return row;
  },
  isFull: ({ taken = 0, capacity }) => taken >= capacity,
  async insert(sql, call, slot, clock) {
    await sql`update slots set taken = taken + 1 where id = ${call.slot}`;
    return await rightSqlSteps.insert(sql, call, slot, clock);
  },
  cancel: (client, id) =>
    client.begin(async (sql) => {
      const ended = await rightSqlSteps.cancel(sql, id);
      if (ended) {
        await sql`
          update slots set taken = taken - 1 where id = (select slot from bookings where id = ${id})`;
      }
      return ended;
    }),
} satisfies Partial<SqlSteps>;
