/** The booking and its idempotency key are stored in two transactions: a repeat can come in between. */
import type { Bug } from './bug.ts';

export const lateKey: Bug = {
  name: 'late-key',
  sql: () => ({
    async insert(sql, { slot, citizen }) {
      const [row] = await sql<{ id: string }>`
        insert into bookings (slot, citizen) values (${slot}, ${citizen}) returning id`;
      return (row as { id: string }).id;
    },
    async transaction(client, work, { key }) {
      const reply = await client.begin(work);
      if (reply.outcome === 'ok') {
        await client`update bookings set key = ${key} where id = ${String(reply.value['booking'])} and key is null`;
      }
      return reply;
    },
  }),
  memory: null,
};
