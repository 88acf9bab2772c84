/**
 * Marks servers that go away with one run, so that a `run` in another directory that finds one on the
 * usual port hosts its own instead of sending its run to a server that soon ends.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './ports.ts';

function markPath(url: string): string {
  return join(tmpdir(), `simcity-${userInfo().uid}`, `transient-${new URL(url).port}`);
}

/** Marks the server at `url` as gone soon. Returns the removal of the mark. */
export function markTransient(url: string): () => void {
  const path = markPath(url);
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, String(process.pid));
  } catch {
    // Without the mark another run may come here; that is told to its user when this one ends.
  }
  return () => rmSync(path, { force: true });
}

/** True when the server at `url` ends with someone else's run. */
export function isTransient(url: string): boolean {
  try {
    return isAlive(Number(readFileSync(markPath(url), 'utf8')));
  } catch {
    return false;
  }
}
