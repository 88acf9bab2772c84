/** Slots are shown from a cache that a change empties before it is committed: a read in between fills it again. */

import type { SlotView } from '../calls.ts';
import { rightMemorySteps, type StoredSlot, viewOf } from '../services/memory.ts';
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const staleAvailability: Bug = {
  name: 'stale-availability',
  sql() {
    const cache = new Map<string, SlotView>();
    return {
      insert(sql, call, slot, clock) {
        cache.delete(call.slot);
        return rightSqlSteps.insert(sql, call, slot, clock);
      },
      async cancel(sql, id) {
        const [ended] = await sql<{ slot: string }>`
          update bookings set active = false where id = ${id} and active returning slot`;
        if (ended) cache.delete(ended.slot);
        return ended !== undefined;
      },
      setOpen(sql, slot, open) {
        cache.delete(slot);
        return rightSqlSteps.setOpen(sql, slot, open);
      },
      async read(sql, slot) {
        const view = cache.get(slot) ?? (await rightSqlSteps.read(sql, slot));
        if (view) cache.set(slot, view);
        return view;
      },
    };
  },
  memory() {
    const cache = new Map<StoredSlot, SlotView>();
    return {
      slowly: {
        *cancel(store, id) {
          const slot = store.slots.get(store.byId.get(id)?.slot ?? '');
          if (slot) cache.delete(slot);
          yield;
          return rightMemorySteps.cancel(store, id);
        },
        // biome-ignore lint/correctness/useYield: a step that may have scheduling points, but needs none.
        *read(slot) {
          const view = cache.get(slot) ?? viewOf(slot);
          cache.set(slot, view);
          return view;
        },
      },
      store(store, slot, call, clock) {
        cache.delete(slot);
        return rightMemorySteps.store(store, slot, call, clock);
      },
      setOpen(slot, open) {
        cache.delete(slot);
        slot.open = open;
      },
    };
  },
};
