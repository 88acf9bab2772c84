/** Tells by PostgreSQL's own words that it does not start for want of file descriptors. */
import { StartupError } from '../../startup-error.ts';

const TOO_FEW = /insufficient file descriptors|too many open files/i;

/** @throws StartupError when `said` says so. */
export function assertDescriptors(said: string): void {
  if (!TOO_FEW.test(said)) return;
  throw new StartupError(
    'postgres_failed',
    'PostgreSQL does not start: there are too few file descriptors for it',
    { hint: 'Raise the limit and try again (ulimit -n 1024), or set DATABASE_URL.' },
  );
}
