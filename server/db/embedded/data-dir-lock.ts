/** One data directory is used by one embedded database at a time. */
import { type FolderLock, takeLock } from '../../contract/process-lock/lock.ts';
import { StartupError } from '../../startup-error.ts';

/** @throws StartupError `data_dir_in_use` when a living process holds the lock. */
export async function lockDataDir(folder: string): Promise<FolderLock> {
  const taken = await takeLock(folder, 'lock');
  if ('release' in taken) return taken;
  throw new StartupError(
    'data_dir_in_use',
    `the data directory ${folder} is in use by another SimCity, pid ${taken.heldBy}`,
    {
      hint: `Use that one (simcity watch, runs, ...), stop it (kill ${taken.heldBy}), or give this one another --data-dir.`,
    },
  );
}
