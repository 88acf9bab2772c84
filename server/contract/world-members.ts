/**
 * The processes that have joined the host of a data directory, a file each, so that what hosts it knows whether another
 * will take over. Only for processes, not for pages.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGoneWorldRunner, isWorldRunner } from './world-runner.ts';

/** Enters the process of the world runner `name`; returns its leaving. What is left of processes that are gone goes. */
export function enterMember(dataDir: string, name: string): () => void {
  const folder = folderOf(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const left of namesIn(folder))
    if (isGoneWorldRunner(left)) rmSync(join(folder, left), { force: true });
  const path = join(folder, name);
  writeFileSync(path, '');
  return () => rmSync(path, { force: true });
}

/** True when a process that has joined still lives. */
export function hasMembers(dataDir: string): boolean {
  return namesIn(folderOf(dataDir)).some((name) => isWorldRunner(name) && !isGoneWorldRunner(name));
}

function folderOf(dataDir: string): string {
  return join(dataDir, 'members');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
