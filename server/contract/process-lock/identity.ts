/** Who a process is: its pid with what tells it from a later process of the same pid. */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot, from /proc; null where there is no /proc. */
  startTicks: string | null;
  /** The boot that pid and start time belong to; null where there is no /proc. */
  bootId: string | null;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function bootId(): string | null {
  return readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** State letter and start time of a process; the name before them may hold spaces and parentheses. */
function procStat(pid: number): { state: string; startTicks: string } | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? null : { state, startTicks };
}

/** The identity of the process `pid` as it is now. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: procStat(pid)?.startTicks ?? null, bootId: bootId() };
}

/** True when a process `pid` exists and is no zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return procStat(pid)?.state !== 'Z';
}

/** True when the very process of `identity` still runs, not only one with its pid. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== null && identity.bootId !== bootId()) return false;
  if (!isRunning(identity.pid)) return false;
  return identity.startTicks === null || procStat(identity.pid)?.startTicks === identity.startTicks;
}
