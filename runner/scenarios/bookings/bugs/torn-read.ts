/** A slot is read in pages, each a statement of its own: a cancel in between moves a booking out of sight. */
import type { SlotView } from '../calls.ts';
import { viewOf } from '../services/memory.ts';
import { rightSqlSteps } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

/** Bookings on a page. */
const PAGE = 2;

export const tornRead: Bug = {
  name: 'torn-read',
  sql: () => ({
    async read(sql, slot) {
      const view = await rightSqlSteps.read(sql, slot);
      if (!view) return undefined;
      const bookings: SlotView['bookings'] = [];
      for (let offset = 0; offset === bookings.length; offset += PAGE) {
        const page = await sql<{ id: string; citizen: string }>`
          select id, citizen from bookings where slot = ${slot} and active
          order by number limit ${PAGE} offset ${offset}`;
        bookings.push(...page);
      }
      return { ...view, bookings };
    },
  }),
  memory: () => ({
    slowly: {
      *read(slot) {
        const bookings: SlotView['bookings'] = [];
        for (let offset = 0; offset === bookings.length; offset += PAGE) {
          yield;
          bookings.push(...viewOf(slot).bookings.slice(offset, offset + PAGE));
        }
        return { ...viewOf(slot), bookings };
      },
    },
  }),
};
