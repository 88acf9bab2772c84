/** A serialization failure is taken for "somebody else got the seat", without another look. */
import { isRetryable } from '../../../service/sql-service.ts';
import { refused } from '../services/postgres.ts';
import type { Bug } from './bug.ts';

export const swallowedConflict: Bug = {
  name: 'swallowed-conflict',
  sql: () => ({
    async retried(work) {
      try {
        return await work();
      } catch (error) {
        if (isRetryable(error)) return refused('full');
        throw error;
      }
    },
  }),
  memory: null,
};
