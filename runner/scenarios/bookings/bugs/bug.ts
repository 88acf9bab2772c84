/** What a known bug is: the few steps in which a wrong service differs from the right one. */
import type { BugOf } from '../../../../server/contract/index.ts';
import type { MemorySteps } from '../services/memory.ts';
import type { SqlSteps } from '../services/postgres.ts';

export interface Bug {
  /** What is wrong is said in the contract's list of names. */
  readonly name: BugOf<'bookings'>;
  /** Over PostgreSQL; made anew for each run, so that what a step remembers is the run's own. */
  sql(): Partial<SqlSteps>;
  /** In memory; null where the bug is one of databases only. */
  readonly memory: (() => Partial<MemorySteps>) | null;
}
