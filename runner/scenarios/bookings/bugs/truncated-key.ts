/** Idempotency keys are compared by their first few characters, as a column that is too short would. */
import type { Bug } from './bug.ts';

/** Characters that are kept of a key. */
const KEPT = 3;

export const truncatedKey: Bug = {
  name: 'truncated-key',
  sql: () => ({
    async findRepeat(sql, { slot, citizen, key }) {
      const [row] = await sql<{ id: string }>`
        select id from bookings where slot = ${slot} and citizen = ${citizen}
          and left(key, ${KEPT}::int) = left(${key}, ${KEPT}::int) order by number limit 1`;
      return row?.id;
    },
  }),
  memory: () => ({
    findRepeat(slot, { citizen, key }) {
      for (const booking of slot.byKey.values()) {
        const same = booking.key?.slice(0, KEPT) === key.slice(0, KEPT);
        if (same && booking.citizen === citizen) return booking;
      }
      return undefined;
    },
  }),
};
