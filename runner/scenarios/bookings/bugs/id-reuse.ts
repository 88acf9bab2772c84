/** The next id is one more than the highest there is, which after a cancel is one that was given out before. */
import { rightMemorySteps } from '../services/memory.ts';
import type { Bug } from './bug.ts';

export const idReuse: Bug = {
  name: 'id-reuse',
  sql: () => ({
    async insert(sql, { slot, citizen, key }) {
      const [row] = await sql<{ id: string }>`
        insert into bookings (number, slot, citizen, key) overriding system value
        select coalesce(max(number), 0) + 1, ${slot}, ${citizen}, ${key} from bookings returning id`;
      return (row as { id: string }).id;
    },
    async cancel(sql, id) {
      const rows = await sql`delete from bookings where id = ${id} returning id`;
      return rows.length > 0;
    },
  }),
  memory: () => ({
    store(store, slot, call, clock) {
      store.nextId = Math.max(0, ...store.byId.keys()) + 1;
      return rightMemorySteps.store(store, slot, call, clock);
    },
  }),
};
