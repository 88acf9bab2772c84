/** The booking is inserted first and counted after; when it is one too many, nobody rolls it back. */
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const forgottenRollback: Bug = {
  name: 'forgotten-rollback',
  sql: () => ({
    isFull: () => false,
    async insert(sql, call, slot, clock) {
      const id = await rightSqlSteps.insert(sql, call, slot, clock);
      const holders = await rightSqlSteps.holders(sql, slot);
      return holders.length > slot.capacity ? null : id;
    },
  }),
  memory: null,
};
