/** WRONG: a booking looks who sits in the slot, and locks the slot only then, to insert; nobody looks again. */
import {
  refused,
  rightSqlSteps,
  sqlBookingService,
} from '../../../runner/scenarios/bookings/services/postgres.ts';

export default sqlBookingService({
  transaction: (client, _work, call) =>
    client.begin(async (sql) => {
      const sitting = await sql<{ citizen: string }>`
        select b.citizen from bookings b where b.active and b.slot = ${call.slot}`;
      const slot = await rightSqlSteps.takeSlot(sql, call.slot);
      if (!slot) return refused('no-such-slot');
      const repeat = await rightSqlSteps.findRepeat(sql, call);
      if (repeat) return { outcome: 'ok', value: { booking: repeat } };
      if (!slot.open) return refused('closed');
      if (sitting.some(({ citizen }) => citizen === call.citizen)) return refused('already-booked');
      if (sitting.length >= slot.capacity) return refused('full');
      const [row] = await sql<{ id: string }>`
        insert into bookings (slot, citizen, key) values (${call.slot}, ${call.citizen}, ${call.key}) returning id`;
      return { outcome: 'ok', value: { booking: (row as { id: string }).id } };
    }),
});
