/** The answer is made before the commit, and a commit that fails does not take it back. */
import type { Reply } from '../../../service/call.ts';
import type { Bug } from './bug.ts';

export const lostAcknowledgement: Bug = {
  name: 'lost-acknowledgement',
  sql: () => ({
    async transaction(client, work) {
      let reply: Reply | null = null;
      try {
        return await client.begin(async (sql) => {
          reply = await work(sql);
          return reply;
        });
      } catch (error) {
        if (reply) return reply;
        throw error;
      }
    },
  }),
  memory: null,
};
