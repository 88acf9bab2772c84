/** A cancel looks up whose booking it is, and ends what that citizen has in the slot by now. */
import type { Bug } from './bug.ts';

export const cancelByCitizen: Bug = {
  name: 'cancel-by-citizen',
  sql: () => ({
    async cancel(sql, id) {
      const rows = await sql`
        update bookings set active = false where active
          and (slot, citizen) = (select slot, citizen from bookings where id = ${id}) returning id`;
      return rows.length > 0;
    },
  }),
  memory: () => {
    const known = new Map<number, { slot: string; citizen: string }>();
    return {
      cancel(store, id) {
        const booking = store.byId.get(id) ?? known.get(id);
        if (!booking) return false;
        known.set(id, { slot: booking.slot, citizen: booking.citizen });
        const slot = store.slots.get(booking.slot);
        for (const [key, active] of slot?.active ?? []) {
          if (active.citizen !== booking.citizen) continue;
          active.active = false;
          store.byId.delete(active.id);
          return slot?.active.delete(key) ?? false;
        }
        return false;
      },
    };
  },
};
