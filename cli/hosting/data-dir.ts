/** The data directory (`.simcity` by default): what is in it, and the note that a hosting process leaves there. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { CliError, EXIT, messageOf } from '../errors.ts';
import { safeText } from '../safe-text.ts';

/** What a hosting process writes for others in the same directory to find it. */
const noteSchema = z.object({
  url: z.url(),
  pid: z.int(),
  /** When that process was started, as `startOf` tells; null where that is not known. */
  start: z.string().nullable().default(null),
  /** The command that hosts, such as `simcity up`. */
  command: z.string(),
  /** For runners that join; null when a database of the user's is used. */
  databaseUrl: z.string().nullable(),
  /** With which its server lets those in who may read this file. */
  token: z.string().nullable().default(null),
});
export type HostNote = z.infer<typeof noteSchema>;

/** The absolute path of the data directory: the flag, then SIMCITY_DATA_DIR, then `.simcity` here. */
export function dataDirOf(context: Context, flag: string | undefined): string {
  return resolve(context.cwd, flag ?? context.env['SIMCITY_DATA_DIR'] ?? '.simcity');
}

/** True when something was stored there once. */
export function hasData(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres')) || existsSync(join(dataDir, 'LOCATION'));
}

/** Makes the directory with `logs/` and a .gitignore that keeps all of it out of version control. */
export function prepareDataDir(dataDir: string): { logDir: string } {
  const logDir = join(dataDir, 'logs');
  try {
    mkdirSync(logDir, { recursive: true });
    const ignore = join(dataDir, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  } catch (error) {
    throw new CliError(`cannot write the data directory ${safeText(dataDir)}: ${messageOf(error)}.`, {
      exitCode: EXIT.unreachable,
      hint: 'Name another with --data-dir DIR, or a database with DATABASE_URL.',
      cause: error,
    });
  }
  return { logDir };
}

/** The note of the process that hosts from this directory; null without a readable one. */
export function readNote(dataDir: string): HostNote | null {
  try {
    const note = noteSchema.safeParse(JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')));
    return note.success ? note.data : null;
  } catch {
    return null;
  }
}

/** Leaves the note; only the owner may read it, because it can hold a password. Returns its removal. */
export function writeNote(dataDir: string, note: HostNote): () => void {
  const path = join(dataDir, 'server.json');
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
  return () => {
    if (readNote(dataDir)?.pid === note.pid) rmSync(path, { force: true });
  };
}
