/** Optimistic locking without a look at what it came to: a cancel that lost against a booking did nothing. */
import type { Bug } from './bug.ts';

export const lostCancel: Bug = {
  name: 'lost-cancel',
  sql: () => ({
    async cancel(sql, id) {
      const [seen] = await sql<{ slot: string; version: number }>`
        select s.id as slot, s.version from bookings b join slots s on s.id = b.slot
        where b.id = ${id} and b.active`;
      if (!seen) return false;
      await sql`
        update bookings set active = false where id = ${id}
          and exists (select from slots where id = ${seen.slot} and version = ${seen.version})`;
      return true;
    },
  }),
  memory: () => ({
    slowly: {
      *cancel(store, id) {
        const booking = store.byId.get(id);
        const slot = booking && store.slots.get(booking.slot);
        if (!booking?.active || !slot) return false;
        const seats = slot.active.size;
        yield;
        if (slot.active.size === seats && slot.active.delete(String(id))) {
          booking.active = false;
          store.byId.delete(id);
        }
        return true;
      },
    },
  }),
};
