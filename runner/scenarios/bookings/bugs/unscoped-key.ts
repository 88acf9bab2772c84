/** Idempotency keys are looked up by themselves, although another citizen may use the same one. */
import type { Bug } from './bug.ts';

export const unscopedKey: Bug = {
  name: 'unscoped-key',
  sql: () => ({
    async findRepeat(sql, { key }) {
      const [row] = await sql<{
        id: string;
      }>`select id from bookings where key = ${key} order by number limit 1`;
      return row?.id;
    },
  }),
  memory: () => ({
    findRepeat(_slot, { key }, { slots }) {
      for (const slot of slots.values()) {
        for (const booking of slot.byKey.values()) if (booking.key === key) return booking;
      }
      return undefined;
    },
  }),
};
