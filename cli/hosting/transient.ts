/**
 * Marks servers that go away with one run, so that a `run` in another directory that finds one on the
 * usual port hosts its own instead of sending its run to a server that soon ends.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownUser, privateFolder } from '../process/ownership.ts';
import { isAlive } from './ports.ts';
import { readOwnFile, replaceFile } from './private-files.ts';

/** Null where no folder for it can be made that is safe from other users. */
function markPath(url: string): string | null {
  const folder = privateFolder(tmpdir(), [`simcity-${ownUser() ?? 'marks'}`]);
  return folder === null ? null : join(folder, `transient-${new URL(url).port}`);
}

/** Marks the server at `url` as gone soon. Returns the removal of the mark. */
export function markTransient(url: string): () => void {
  const path = markPath(url);
  if (path === null) return () => {};
  try {
    replaceFile(path, () => String(process.pid));
  } catch {
    // Without the mark another run may come here; that is told to its user when this one ends.
  }
  return () => rmSync(path, { force: true });
}

/** True when the server at `url` ends with someone else's run. */
export function isTransient(url: string): boolean {
  const path = markPath(url);
  const mark = path === null ? null : readOwnFile(path);
  return mark !== null && 'text' in mark && isAlive(Number(mark.text));
}
