/** The data directory (`.simcity` by default): where it is, what is in it, and whose it is. */
import { existsSync, lstatSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf, usageError } from '../process/errors.ts';
import { makeFolder } from '../process/make-folder.ts';
import { isStranger, ownUser, strangerAt, type UserId } from '../process/ownership.ts';
import { safeText } from '../run/sanitize.ts';

/** The absolute path of the data directory: the flag, then SIMCITY_DATA_DIR, then `.simcity` here. */
export function dataDirOf(context: Context, flag: string | undefined): string {
  return resolve(context.cwd, flag ?? context.env['SIMCITY_DATA_DIR'] ?? '.simcity');
}

/** True when something was stored there once. */
export function hasData(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres')) || existsSync(join(dataDir, 'LOCATION'));
}

/**
 * Makes the directory with `logs/` and a .gitignore that keeps all of it out of version control. @throws CliError
 * when it cannot be written, or another user can have prepared it.
 */
export function prepareDataDir(dataDir: string): { logDir: string } {
  const logDir = join(dataDir, 'logs');
  try {
    refuseForeign(dataDir);
    makeFolder(dataDir);
    // Again, for another may have been faster.
    refuseForeign(dataDir);
    makeFolder(logDir);
    const ignore = join(dataDir, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n', { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot write the data directory ${safeText(dataDir)}: ${messageOf(error)}.`, {
      exitCode: EXIT.unreachable,
      hint: 'Name another with --data-dir DIR, or a database with DATABASE_URL.',
      cause: error,
    });
  }
  return { logDir };
}

/** What is done about a data directory that is not used because of whose it is. */
export const FOREIGN_HINT =
  'Name another with --data-dir DIR; or, if you trust what is in it, run SimCity as its owner, or make it yours (chown -R, chmod go-w).';

/** @throws CliError when another user can have prepared the directory, or a link to it. */
export function refuseForeign(dataDir: string): void {
  const doubt = doubtAboutDataDir(dataDir);
  if (doubt !== null) {
    throw usageError(
      `the data directory ${safeText(dataDir)} is not used: ${safeText(doubt)}.`,
      FOREIGN_HINT,
    );
  }
}

/** The user as whom PostgreSQL runs for root owns these; the part `database` looks whose they are. */
const OF_POSTGRES = /^(?:postgres|\.probe-)/;
const WRITABLE_BY_ALL = 0o002;

/**
 * Why what lies in the directory may be the work of another user, in words; null when it cannot, or when there is
 * none. @throws what the system says of one that cannot be looked at.
 */
export function doubtAboutDataDir(dataDir: string, own: UserId = ownUser()): string | null {
  const stranger = strangerAt(dataDir, own);
  if (stranger !== null)
    return `${nameIn(dataDir, stranger.path)} belongs to another user, uid ${stranger.uid}`;
  const stats = statSync(dataDir, { throwIfNoEntry: false });
  if (own === null || !stats?.isDirectory()) return null;
  if ((stats.mode & WRITABLE_BY_ALL) !== 0) return 'every user of this machine may write it';
  for (const name of readdirSync(dataDir)) {
    if (own === 0 && OF_POSTGRES.test(name)) continue;
    const uid = lstatSync(join(dataDir, name), { throwIfNoEntry: false })?.uid;
    if (uid !== undefined && isStranger(uid, own)) {
      return `${name} in it belongs to another user, uid ${uid}`;
    }
  }
  return null;
}

/** `path` as it is said of `dataDir`. */
function nameIn(dataDir: string, path: string): string {
  return path === dataDir ? 'it' : `${path}, to which it leads,`;
}
