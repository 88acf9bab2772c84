/** A booking looks whether the slot is open before it has the lock, and does not look again. */
import type { TakenSlot } from '../services/postgres.ts';
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const closeRace: Bug = {
  name: 'close-race',
  sql: () => ({
    async takeSlot(sql, slot) {
      const [before] = await sql<TakenSlot>`select open from slots where id = ${slot}`;
      const taken = await rightSqlSteps.takeSlot(sql, slot);
      return before && taken && { ...taken, open: before.open };
    },
  }),
  memory: () => ({ lookBefore: (slot) => ({ open: slot.open }) }),
};
