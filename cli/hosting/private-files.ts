/** Files that this user alone writes: made under a name that nobody can guess, and never by way of a link. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { isWritableByOthers, ownUser, type UserId } from '../process/ownership.ts';

// Windows has neither.
const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** What was read; or why it was not, in words that follow a name. */
export type OwnText = { text: string; seal: string } | { doubt: string };

/** The file's text if this user alone can have written it; null when there is none. */
export function readOwnFile(path: string, own: UserId = ownUser()): OwnText | null {
  let file: number;
  try {
    // Not to wait, should it be a pipe.
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    return unopened((error as NodeJS.ErrnoException).code ?? '');
  }
  try {
    const doubt = doubtOf(fstatSync(file), own);
    return doubt === null ? { text: readFileSync(file, 'utf8'), seal: sealOf(file) } : { doubt };
  } finally {
    closeSync(file);
  }
}

function unopened(code: string): { doubt: string } | null {
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  // FreeBSD says EMLINK for a link that is not to be followed.
  if (code === 'ELOOP' || code === 'EMLINK') return { doubt: 'it is a symbolic link' };
  return { doubt: `it cannot be opened (${code})` };
}

function doubtOf(stats: Stats, own: UserId): string | null {
  if (!stats.isFile()) return 'it is no file';
  if (own === null) return null;
  if (stats.uid !== own) return `it belongs to another user, uid ${stats.uid}`;
  return isWritableByOthers(stats) ? 'other users may write it' : null;
}

/**
 * Which file of all on this machine it is, by its inode and the time when that was made: no copy has the same, nor
 * a file that came with a cloned folder.
 */
function sealOf(file: number): string {
  const { ino, birthtimeNs } = fstatSync(file, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}

/** A file of JSON that `replaceSealed` wrote; `isSealed` is false for one that was brought here from elsewhere. */
export type Sealed = { value: unknown; isSealed: boolean } | { doubt: string };

/** Reads what `replaceSealed` wrote; null when there is no such file. */
export function readSealed(path: string): Sealed | null {
  const file = readOwnFile(path);
  if (file === null || 'doubt' in file) return file;
  try {
    const value: unknown = JSON.parse(file.text);
    const seal = typeof value === 'object' && value !== null && 'seal' in value ? value.seal : undefined;
    return { value, isSealed: seal === file.seal };
  } catch {
    return { doubt: 'it is not JSON' };
  }
}

/** Writes JSON that says of itself which file it is. @throws what the system says. */
export function replaceSealed(path: string, value: Readonly<Record<string, unknown>>): void {
  replaceFile(path, (seal) => `${JSON.stringify({ ...value, seal })}\n`);
}

/**
 * Puts a file in the place of the one at `path`, in one step: whoever dies in between leaves the one before. What
 * `text` is called with is the seal of the new file. @throws what the system says.
 */
export function replaceFile(path: string, text: (seal: string) => string): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeFileSync(file, text(sealOf(file)));
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Opens a log to add to it. @throws what the system says, also of a link. */
export function openLog(path: string): number {
  return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o644);
}
