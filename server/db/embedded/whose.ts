/** Whose the folders of the embedded database are: one that another user prepared is not started. */
import { lstat, readlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EXIT_USAGE, StartupError } from '../../startup-error.ts';
import type { Owner } from './owner.ts';

const MOST_LINKS = 40;

/**
 * Makes sure that `path`, and every symbolic link from it to what it stands for, belongs to this user, to root, or
 * to `owner`, as whom PostgreSQL runs. What is not there is in order. @throws StartupError `data_dir_foreign`.
 */
export async function refuseForeign(path: string, owner: Owner | null): Promise<void> {
  const own = process.geteuid?.();
  if (own === undefined) return;
  let at = path;
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const stats = await lstat(at).catch(ifMissing);
    if (stats === null) return;
    if (![own, 0, owner?.uid].includes(stats.uid)) {
      throw refusal(`${at} belongs to another user, uid ${stats.uid}`);
    }
    if (!stats.isSymbolicLink()) return;
    at = resolve(dirname(at), await readlink(at));
  }
  throw refusal(`${path}: too many symbolic links`);
}

const HINT =
  'Name another data directory with --data-dir DIR; or, if you trust what is in it, run SimCity as its owner.';

function refusal(message: string): StartupError {
  return new StartupError('data_dir_foreign', message, { hint: HINT, exitCode: EXIT_USAGE });
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}
