/** Ids are made from the clock: two bookings in one millisecond, or a clock set back, share one. */
import { rightMemorySteps } from '../services/memory.ts';
import type { Bug } from './bug.ts';

export const clockIds: Bug = {
  name: 'clock-ids',
  sql: () => ({
    schema: `
      alter table bookings drop constraint bookings_pkey;
      alter table bookings drop constraint bookings_id_key;`,
    async insert(sql, { slot, citizen, key }, _slot, clock) {
      const [row] = await sql<{ id: string }>`
        insert into bookings (number, slot, citizen, key) overriding system value
        values (${clock.nowMs()}, ${slot}, ${citizen}, ${key}) returning id`;
      return (row as { id: string }).id;
    },
  }),
  memory: () => ({
    store(store, slot, call, clock) {
      store.nextId = clock.nowMs();
      return rightMemorySteps.store(store, slot, call, clock);
    },
  }),
};
