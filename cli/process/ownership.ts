/** Whom the paths of this machine belong to: what another user has made, or could change, is not believed. */
import { lstatSync, mkdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** A user of the system; null where there are no user ids (Windows), and with them none of these checks. */
export type UserId = number | null;

/** The user that this process acts as. */
export function ownUser(): UserId {
  return process.geteuid?.() ?? null;
}

/** A path that belongs to another user, who is not root. */
export interface Stranger {
  path: string;
  uid: number;
}

/** True for what another user owns: not `own`, and not root, whom nobody can keep out anyway. */
export function isStranger(uid: number, own: UserId = ownUser()): boolean {
  return own !== null && uid !== own && uid !== 0;
}

/** Links that are followed; what has more goes round in circles. */
const MOST_LINKS = 40;

/**
 * The stranger to whom `path` belongs, or a symbolic link on the way from it to what it stands for; null when
 * there is none, or nothing at `path`. @throws what the system says of a path that cannot be looked at.
 */
export function strangerAt(path: string, own: UserId = ownUser()): Stranger | null {
  let at = path;
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    const stats = lookAt(at);
    if (stats === null) return null;
    if (isStranger(stats.uid, own)) return { path: at, uid: stats.uid };
    if (!stats.isSymbolicLink()) return null;
    at = resolve(dirname(at), readlinkSync(at));
  }
  throw new Error(`${path}: too many symbolic links`);
}

function lookAt(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** True when others may change the file, or what is in the folder. */
export function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0;
}

/**
 * The folder `names` under `base`, made where it is missing (0700), when only this user can have made it, can
 * enter it, and can put another in its place; null when that is not so, or cannot be told. `base` must be there.
 */
export function privateFolder(
  base: string,
  names: readonly string[],
  own: UserId = ownUser(),
): string | null {
  try {
    let folder = realpathSync(base);
    if (own !== null && !ancestors(folder).every((each) => holdsStill(statSync(each), own))) return null;
    for (const name of names) {
      folder = join(folder, name);
      make(folder);
      const stats = lstatSync(folder);
      if (!stats.isDirectory()) return null;
      if (own !== null && (stats.uid !== own || isWritableByOthers(stats))) return null;
    }
    return own === null || (lstatSync(folder).mode & 0o077) === 0 ? folder : null;
  } catch {
    // A disk that is read-only or full, a folder that may not be looked into: then there is none.
    return null;
  }
}

/** `folder`, which is absolute and without links, and all that it is in. */
function ancestors(folder: string): string[] {
  const { root } = parse(folder);
  const names = folder.slice(root.length).split(sep).filter(Boolean);
  return [root, ...names.map((_, i) => join(root, ...names.slice(0, i + 1)))];
}

/** True when nobody but this user and root can replace what this user has in the folder. */
function holdsStill(stats: Stats, own: number): boolean {
  if (isStranger(stats.uid, own)) return false;
  return !isWritableByOthers(stats) || (stats.mode & STICKY) !== 0;
}

function make(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
