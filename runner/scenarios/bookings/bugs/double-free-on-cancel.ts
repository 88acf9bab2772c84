/** Every cancel frees a seat in the count, also the second one of a booking that is gone. */
import { rightMemorySteps, type StoredBooking } from '../services/memory.ts';
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';
import { countedSeats } from './counted-seats.ts';

export const doubleFreeOnCancel: Bug = {
  name: 'double-free-on-cancel',
  sql: () => ({
    ...countedSeats,
    cancel: (client, id) =>
      client.begin(async (sql) => {
        await sql`
          update slots set taken = taken - 1 where id = (select slot from bookings where id = ${id})`;
        return await rightSqlSteps.cancel(sql, id);
      }),
  }),
  memory: () => {
    const freed = new Map<string, number>();
    const bySeat = new Map<number, StoredBooking>();
    return {
      isFull: (slot) => slot.active.size - (freed.get(slot.id) ?? 0) >= slot.capacity,
      store(store, slot, call, clock) {
        const booking = rightMemorySteps.store(store, slot, call, clock);
        bySeat.set(booking.id, booking);
        return booking;
      },
      cancel(store, id) {
        const ended = rightMemorySteps.cancel(store, id);
        const slot = bySeat.get(id)?.slot;
        if (!ended && slot !== undefined) freed.set(slot, (freed.get(slot) ?? 0) + 1);
        return ended;
      },
    };
  },
};
