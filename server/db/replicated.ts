/** Commits whose wait for a synchronous standby was cancelled: PostgreSQL says that they are done, and warns. */
import { setImmediate as soon } from 'node:timers/promises';

let cancelled = 0;

/** Takes the notices of every connection. */
export function noteNotice({ routine }: { routine?: string | undefined }): void {
  if (routine === 'SyncRepWaitForLSN') cancelled += 1;
}

/**
 * `work`, which commits. @throws with the code CONNECTION_CLOSED when a wait was cancelled meanwhile, of this commit or
 * of another: it is stored here, and it is not known whether the standby has it.
 */
export async function replicated<T>(work: () => Promise<T>): Promise<T> {
  const before = cancelled;
  const done = await work();
  // The word of a statement that is its own transaction goes out with the warning, and may be read just before it.
  await soon();
  if (cancelled === before) return done;
  throw Object.assign(new Error('The wait for the synchronous standby was cancelled'), {
    code: 'CONNECTION_CLOSED',
  });
}
