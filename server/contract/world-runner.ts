/**
 * Names of the runners of one data directory: each tells the process that it ends with, so that the others see at
 * once which runs have lost theirs, and do not wait for its lease. Only for processes, not for pages.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { identityOf, isAlive } from './process-lock/identity.ts';

/** The machine, the process, when that was started, and what tells two of its runners apart. */
const NAME = /^(?<machine>.+)-(?<pid>\d+)-(?<start>\d+)-[0-9a-f]{6}(?:-own)?$/;

/** A new name for a runner that ends with this process. */
export function worldRunnerName(): string {
  const { pid, startTicks } = identityOf(process.pid);
  return `${hostname()}-${pid}-${startTicks ?? 0}-${randomBytes(3).toString('hex')}`;
}

/** Likewise, of one that has a file or command of the user's, without which its run cannot be executed. */
export function ownCodeRunnerName(): string {
  return `${worldRunnerName()}-own`;
}

/** True for a name by `ownCodeRunnerName`. */
export function hasOwnCode(name: string): boolean {
  return isWorldRunner(name) && name.endsWith('-own');
}

/** True for the name of a runner of a data directory on this machine. */
export function isWorldRunner(name: string): boolean {
  return NAME.exec(name)?.groups?.['machine'] === hostname();
}

/** True for one whose process is certainly gone; never for a runner of another kind, or of another machine. */
export function isGoneWorldRunner(name: string): boolean {
  const parts = NAME.exec(name)?.groups;
  if (parts === undefined || parts['machine'] !== hostname()) return false;
  const { startTicks, bootId } = identityOf(process.pid);
  const start = startTicks === null ? null : (parts['start'] ?? null);
  return !isAlive({ pid: Number(parts['pid']), startTicks: start, bootId });
}
