/** The campaigns of a data directory that are executed without a server: a file each, and a lock beside it. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FolderLock, isLocked, takeLock } from '../../server/contract/process-lock/lock.ts';
import { doubtAboutDataDir, refuseForeign } from '../hosting/data-dir.ts';
import { readSealed, replaceSealed } from '../hosting/private-files.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { anyCheckpointSchema, type Checkpoint, executesOwnCode } from './checkpoint.ts';

export interface CampaignFiles {
  path(name: string): string;
  exists(name: string): boolean;
  /** When each was saved, in ms since 1970; the newest first. */
  list(): { name: string; savedAtMs: number }[];
  /** The newest one's name; null: there is none. */
  newest(): string | null;
  load(name: string): Checkpoint;
  save(checkpoint: Checkpoint): void;
  /** Keeps others from conducting it until this process ends, or releases it. @throws CliError while another does. */
  lock(name: string): Promise<FolderLock>;
  isLocked(name: string): Promise<boolean>;
}

/** The campaigns of a data directory. */
export function campaignFiles(dataDir: string): CampaignFiles {
  const folder = join(dataDir, 'campaigns');
  const path = (name: string) => join(folder, `${name}.json`);
  const names = () => {
    try {
      if (doubtAboutDataDir(dataDir) !== null) return [];
      return readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
    } catch {
      return [];
    }
  };
  const list = () =>
    names()
      .map((name) => ({ name, savedAtMs: Math.floor(statSync(path(name)).mtimeMs) }))
      .sort((a, b) => b.savedAtMs - a.savedAtMs);
  const makeFolder = () => mkdirSync(folder, { recursive: true, mode: 0o755 });
  return {
    path,
    list,
    exists: (name) => names().includes(name),
    newest: () => list()[0]?.name ?? null,
    load(name) {
      refuseForeign(dataDir);
      return load(path(name), name);
    },
    save(checkpoint) {
      makeFolder();
      replaceSealed(path(checkpoint.name), checkpoint);
    },
    async lock(name) {
      makeFolder();
      const lock = await takeLock(folder, `${name}.campaign`);
      if ('release' in lock) return lock;
      throw usageError(
        `the campaign '${safeText(name)}' is conducted by process ${lock.heldBy} just now.`,
        'Wait for its end, or stop that process.',
      );
    },
    isLocked: (name) => isLocked(folder, `${name}.campaign`),
  };
}

function load(path: string, name: string): Checkpoint {
  const file = readSealed(path);
  if (file === null) throw usageError(`there is no campaign '${safeText(name)}' in ${safeText(path)}.`);
  if ('doubt' in file) {
    throw usageError(
      `the checkpoint of the campaign '${safeText(name)}' is not read: ${safeText(file.doubt)}.`,
      `The file is ${safeText(path)}. Start a new one with another --name.`,
    );
  }
  const checkpoint = anyCheckpointSchema.safeParse(file.value);
  if (!checkpoint.success) {
    throw new CliError(
      `${safeText(path)} is not the checkpoint of a campaign that this version can go on with.`,
      {
        exitCode: EXIT.usage,
        hint: 'Start a new one with another --name.',
      },
    );
  }
  if (executesOwnCode(checkpoint.data) && !file.isSealed) throw notFromHere(name, path);
  return checkpoint.data;
}

/** Code is executed only where the command is given: a checkpoint that was copied here must not name it. */
function notFromHere(name: string, path: string): CliError {
  return usageError(
    `the campaign '${safeText(name)}' executes files or commands, and its checkpoint was not written here: ${safeText(path)} is a copy.`,
    'Start a new one with another --name, and name the files and commands again.',
  );
}
