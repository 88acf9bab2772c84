/** Where the embedded database lives: under the data directory, or where PostgreSQL's user can reach. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isLocked } from '../../contract/process-lock/lock.ts';
import { StartupError } from '../../startup-error.ts';
import { type Binaries, copyBinaries } from './binaries.ts';
import { canUse, type Owner } from './owner.ts';
import { refuseForeign } from './whose.ts';

/** Read by root's clones in folders that only root may enter. */
const SHARED_FOLDER = '/var/lib/simcity';

/** In a folder of its own under SHARED_FOLDER: the data directory that it stands for. */
const ORIGIN = 'ORIGIN';

export interface Home {
  /** Holds postgres/ (the cluster), password, lock and log. */
  folder: string;
  binaries: Binaries;
  /** Null when everything is under the data directory itself. */
  movedFrom: string | null;
}

/**
 * Prepares the folder for the cluster and for the binaries. Normally that is `dataDir` and the
 * package; when the user that PostgreSQL runs as cannot reach them (a clone under root's home), it is
 * a folder of its own under /var/lib/simcity, which `dataDir`/LOCATION then names.
 * @throws StartupError when another user may have prepared what is there, or it cannot be used.
 */
export async function prepareHome(dataDir: string, found: Binaries, owner: Owner | null): Promise<Home> {
  await refuseForeign(dataDir, null);
  await mkdir(dataDir, { recursive: true, mode: 0o755 }).catch((cause: Error) => {
    throw new StartupError('data_dir_unusable', `the data directory ${dataDir} cannot be created`, {
      hint: 'Give another one with --data-dir.',
      cause,
    });
  });
  const real = await realpath(dataDir);
  for (const name of ['postgres', 'password', 'LOCATION']) {
    await refuseForeign(join(real, name), name === 'postgres' ? owner : null);
  }
  if (owner === null) return { folder: real, binaries: found, movedFrom: null };

  const locationFile = join(real, 'LOCATION');
  const program = join('bin', 'postgres');
  const moved = existsSync(locationFile);
  if (!moved && (await probe(owner, join(found.folder, program), real))) {
    return { folder: real, binaries: found, movedFrom: null };
  }
  const folder = join(SHARED_FOLDER, createHash('sha256').update(real).digest('hex').slice(0, 16));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const binaries = canUse(owner, join(found.folder, program), '/tmp')
    ? found
    : await copyBinaries(found, SHARED_FOLDER);
  if (!(await probe(owner, join(binaries.folder, program), folder))) {
    throw new StartupError(
      'data_dir_unreachable',
      `PostgreSQL runs as uid ${owner.uid}, which can reach neither ${real} nor ${folder}`,
      { hint: 'Give a --data-dir that other users may enter, or set DATABASE_URL.' },
    );
  }
  return { folder, binaries, movedFrom: real };
}

/** True when the owner can run the program and write a folder made for it inside `folder`. */
async function probe(owner: Owner, program: string, folder: string): Promise<boolean> {
  const trial = await mkdtemp(join(folder, '.probe-'));
  try {
    await chown(trial, owner.uid, owner.gid);
    return canUse(owner, program, trial);
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/**
 * Says in the data directory where the data is. Without that note, what lies there belongs to a data
 * directory of the same name that was deleted, and is deleted now as well. Call it with the lock held.
 */
export async function claimHome(home: Home): Promise<void> {
  if (home.movedFrom === null) return;
  await writeFile(join(home.folder, ORIGIN), `${home.movedFrom}\n`);
  await removeForgotten();
  const locationFile = join(home.movedFrom, 'LOCATION');
  const noted = await readFile(locationFile, 'utf8').catch(() => null);
  if (noted?.trim() === home.folder) return;
  await rm(join(home.folder, 'postgres'), { recursive: true, force: true });
  await rm(join(home.folder, 'password'), { force: true });
  await writeFile(locationFile, `${home.folder}\n`);
}

/**
 * Removes the folders of data directories that were deleted. One whose parent is gone as well may
 * only be on a disk that is not there just now, so it stays.
 */
async function removeForgotten(): Promise<void> {
  for (const name of await readdir(SHARED_FOLDER)) {
    const folder = join(SHARED_FOLDER, name);
    const origin = (await readFile(join(folder, ORIGIN), 'utf8').catch(() => '')).trim();
    if (origin === '' || existsSync(origin) || !existsSync(dirname(origin))) continue;
    if (!(await isLocked(folder, 'lock'))) await rm(folder, { recursive: true, force: true });
  }
}
