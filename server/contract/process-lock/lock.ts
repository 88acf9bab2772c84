/** A lock on a folder that one process holds at a time, and that ends with it: a file that names its holder. */
import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isAlive, type ProcessIdentity } from './identity.ts';

/** Where there are no hard links, a lock is empty for an instant; longer only after a crash. */
const WRITTEN_WITHIN_MS = 2_000;

type Unreadable = 'gone' | 'being-written' | 'unreadable';

export interface FolderLock {
  /** Its file, which is gone once it is released or another process has taken over from a dead holder. */
  readonly path: string;
  release(): Promise<void>;
}

/**
 * `lock`: of the embedded database; `host`: of who serves the directory; `*.campaign`: of who conducts the campaign.
 * Files are called `<name>.<generation>`.
 */
export type LockName = 'lock' | 'host' | `${string}.campaign`;

/**
 * Takes a lock of `folder`; answers the pid of a living process that holds it instead. Each taking over of a dead
 * holder's lock creates the file of the next generation, `lock.<n+1>`, which only one can create; only then the older
 * ones go. So two starters that find the same dead lock at the same instant cannot both win.
 */
export async function takeLock(folder: string, name: LockName): Promise<FolderLock | { heldBy: number }> {
  const me = JSON.stringify(identityOf(process.pid));
  for (;;) {
    const newest = (await generations(folder, name)).at(-1) ?? 0;
    if (newest > 0) {
      const holder = await readHolder(join(folder, `${name}.${newest}`));
      if (holder === 'gone') continue;
      if (holder === 'being-written') {
        await delay(50);
        continue;
      }
      if (holder !== 'unreadable' && isAlive(holder)) return { heldBy: holder.pid };
    }
    const mine = join(folder, `${name}.${newest + 1}`);
    if (!(await createWhole(mine, me))) continue;
    const now = await generations(folder, name);
    if (now.at(-1) !== newest + 1) {
      await rm(mine, { force: true });
      continue;
    }
    for (const old of now) if (old <= newest) await rm(join(folder, `${name}.${old}`), { force: true });
    return { path: mine, release: () => rm(mine, { force: true }) };
  }
}

/** True when a living process holds the lock of `folder`. */
export async function isLocked(folder: string, name: LockName): Promise<boolean> {
  const newest = (await generations(folder, name)).at(-1);
  if (newest === undefined) return false;
  const holder = await readHolder(join(folder, `${name}.${newest}`));
  return typeof holder === 'string' ? holder === 'being-written' : isAlive(holder);
}

async function generations(folder: string, name: LockName): Promise<number[]> {
  const prefix = `${name}.`;
  const names = await readdir(folder);
  return names
    .filter((each) => each.startsWith(prefix) && /^\d+$/.test(each.slice(prefix.length)))
    .map((each) => Number(each.slice(prefix.length)))
    .filter((generation) => generation > 0)
    .sort((a, b) => a - b);
}

async function readHolder(path: string): Promise<ProcessIdentity | Unreadable> {
  let text: string;
  let ageMs: number;
  try {
    text = await readFile(path, 'utf8');
    ageMs = Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'gone';
    throw error;
  }
  if (text === '' && ageMs < WRITTEN_WITHIN_MS) return 'being-written';
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity>;
    if (typeof value.pid !== 'number') return 'unreadable';
    return { pid: value.pid, startTicks: value.startTicks ?? null, bootId: value.bootId ?? null };
  } catch {
    return 'unreadable';
  }
}

/** Creates `path` with its whole content in one step; false when it exists. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, content, { mode: 0o644, flag: 'wx' });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST') return false;
    // A file system without hard links: creating and filling it are two steps then.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return createEmptyFirst(path, content);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function createEmptyFirst(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { mode: 0o644, flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
