/**
 * WRONG: that a citizen holds one seat of a slot is left to a unique index over the booking and when it ended. Nulls are
 * distinct in it, so that it refuses nobody whose booking has not ended.
 */
import { refused, sqlBookingService } from '../../../runner/scenarios/bookings/services/postgres.ts';

const UNIQUE_VIOLATION = '23505';

export default sqlBookingService({
  schema: `
    alter table bookings add column ended bigint;
    create unique index one_each on bookings (slot, citizen, ended);`,
  async transaction(client, work) {
    try {
      return await client.begin(work);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION)
        return refused('already-booked');
      throw error;
    }
  },
  // How many they are, not who: the index is to know that.
  async holders(sql, slot) {
    const rows = await sql<{ id: string }>`select id from bookings where slot = ${slot.id} and active`;
    return rows.map(({ id }) => id);
  },
  async cancel(sql, id) {
    const rows = await sql`
      update bookings set active = false, ended = number where id = ${id} and active returning id`;
    return rows.length > 0;
  },
});
