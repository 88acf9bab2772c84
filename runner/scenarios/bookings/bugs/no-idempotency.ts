/** The service never looks at the idempotency key, so a repeat after a lost answer is a new request. */
import type { Bug } from './bug.ts';

export const noIdempotency: Bug = {
  name: 'no-idempotency',
  sql: () => ({ findRepeat: async () => undefined }),
  memory: () => ({ findRepeat: () => undefined }),
};
