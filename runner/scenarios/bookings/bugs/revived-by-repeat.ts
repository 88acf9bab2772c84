/** A repeat writes its booking again ("upsert"), which brings it back when it was cancelled since. */
import type { Bug } from './bug.ts';

export const revivedByRepeat: Bug = {
  name: 'revived-by-repeat',
  sql: () => ({
    async findRepeat(sql, { slot, citizen, key }) {
      const [row] = await sql<{ id: string }>`
        update bookings set active = true
        where slot = ${slot} and citizen = ${citizen} and key = ${key} returning id`;
      return row?.id;
    },
  }),
  memory: () => ({
    findRepeat(slot, { citizen, key }, store) {
      const booking = slot.byKey.get(`${citizen} ${key}`);
      if (!booking) return undefined;
      booking.active = true;
      slot.active.set(String(booking.id), booking);
      store.byId.set(booking.id, booking);
      return booking;
    },
  }),
};
