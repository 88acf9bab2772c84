/** Closing a slot takes its bookings away. */
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const closeDropsBookings: Bug = {
  name: 'close-drops-bookings',
  sql: () => ({
    async setOpen(sql, slot, open) {
      if (!open) await sql`update bookings set active = false where slot = ${slot}`;
      return await rightSqlSteps.setOpen(sql, slot, open);
    },
  }),
  memory: () => ({
    setOpen(slot, open) {
      slot.open = open;
      if (!open) slot.active.clear();
    },
  }),
};
