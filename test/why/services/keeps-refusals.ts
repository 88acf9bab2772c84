/**
 * WRONG: the last seat of a slot is never given. That it writes down whom it refused is as it should be: what was written
 * by a request that was refused has nothing to do with the fault.
 */
import { sqlBookingService } from '../../../runner/scenarios/bookings/services/postgres.ts';

export default sqlBookingService({
  schema:
    'create table refusals (number bigint generated always as identity primary key, slot text, citizen text);',
  isFull: (slot, holders) => holders.length >= Math.max(1, slot.capacity - 1),
  async transaction(client, work, { slot, citizen }) {
    return await client.begin(async (sql) => {
      const reply = await work(sql);
      if (reply.outcome === 'refused')
        await sql`insert into refusals (slot, citizen) values (${slot}, ${citizen})`;
      return reply;
    });
  },
});
