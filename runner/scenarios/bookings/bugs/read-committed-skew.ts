/** One statement locks the slot and counts its seats, but it counts as of before it had to wait for the lock. */
import type { TakenSlot } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const readCommittedSkew: Bug = {
  name: 'read-committed-skew',
  sql: () => ({
    async takeSlot(sql, slot) {
      const [row] = await sql<TakenSlot>`
        select id, capacity, open,
          (select string_agg(citizen, ',') from bookings where slot = slots.id and active) as citizens
        from slots where id = ${slot} for update`;
      return row;
    },
    holders: async (_sql, { citizens }) => (citizens ? citizens.split(',') : []),
  }),
  memory: null,
};
