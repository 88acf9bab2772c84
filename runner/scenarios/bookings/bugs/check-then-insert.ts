/** The classic: look whether a seat is free, then take it, with nothing that keeps others out in between. */
import type { TakenSlot } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const checkThenInsert: Bug = {
  name: 'check-then-insert',
  sql: () => ({
    async takeSlot(sql, slot) {
      const [row] = await sql<TakenSlot>`select id, capacity, open from slots where id = ${slot}`;
      return row;
    },
  }),
  memory: () => ({ locksSlot: false }),
};
