/** Finds and ends what a crash left running in a cluster's folder. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from '../../contract/process-lock/identity.ts';

/**
 * Every process that works in `folder`: PostgreSQL's processes make the cluster their working
 * directory. Where there is no /proc, only the postmaster, as its pid file names it.
 */
export function processesIn(folder: string): number[] {
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    const pid = postmasterPid(folder);
    return pid !== null && isRunning(pid) && commandOf(pid).includes('postgres') ? [pid] : [];
  }
  return pids.map(Number).filter((pid) => {
    try {
      // A folder that was removed or renamed meanwhile is marked by a suffix, and still meant.
      return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '') === folder;
    } catch {
      return false;
    }
  });
}

/** The pid in postmaster.pid; null when there is none. */
export function postmasterPid(folder: string): number | null {
  try {
    const pid = Number(readFileSync(`${folder}/postmaster.pid`, 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/**
 * Ends every process in `folder`: the postmaster by a fast shutdown, whatever stays by force. Only for who holds the
 * lock of the data directory.
 */
export async function endStragglers(folder: string): Promise<number> {
  const found = processesIn(folder);
  if (found.length > 0) await endAll(folder, found);
  // A postmaster that was killed and that nobody has reaped yet would keep the next one from starting.
  if (processesIn(folder).length === 0) rmSync(`${folder}/postmaster.pid`, { force: true });
  return found.length;
}

async function endAll(folder: string, found: readonly number[]): Promise<void> {
  const postmaster = postmasterPid(folder);
  if (postmaster !== null && found.includes(postmaster)) signal(postmaster, 'SIGINT');
  else for (const pid of found) signal(pid, 'SIGQUIT');
  for (const [force, waitMs] of [
    [null, 5_000],
    ['SIGQUIT', 2_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (force !== null) for (const pid of processesIn(folder)) signal(pid, force);
    if (await gone(folder, waitMs)) return;
  }
}

async function gone(folder: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if (processesIn(folder).length === 0) return true;
    await delay(20);
  }
  return false;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already, which is what was wanted.
  }
}
