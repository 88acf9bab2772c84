/** WRONG: free seats are kept in a column; a booking reads it, and writes one less than what it read. */

import { countedSeats } from '../../../runner/scenarios/bookings/bugs/counted-seats.ts';
import type { TakenSlot } from '../../../runner/scenarios/bookings/services/postgres.ts';
import { rightSqlSteps, sqlBookingService } from '../../../runner/scenarios/bookings/services/postgres.ts';

export default sqlBookingService({
  ...countedSeats,
  async takeSlot(sql, slot) {
    const [row] = await sql<TakenSlot>`select taken, open, capacity, id from slots where slots.id = ${slot}`;
    return row;
  },
  async insert(sql, call, slot, clock) {
    await sql`update slots set taken = ${(slot.taken ?? 0) + 1} where slots.id = ${call.slot}`;
    return await rightSqlSteps.insert(sql, call, slot, clock);
  },
});
