/** A PostgreSQL that the process which guarded it has left running for the next one, with all who use it connected. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from '../../contract/process-lock/identity.ts';
import { commandLine, isReady, type Postmaster, type PostmasterOptions } from './postmaster.ts';
import { endStragglers, postmasterPid, processesIn } from './stragglers.ts';

/** How often it is looked whether it still runs, in ms: it is no child of this process. */
const LOOK_MS = 100;

/** The one that runs in the folder and is what this version would start; null: none is. Guarded from now on. */
export function takeLeftRunning(options: PostmasterOptions): Postmaster | null {
  const { folder, watchdog } = options;
  const pid = postmasterPid(folder);
  if (pid === null || !isReady(folder, pid) || !processesIn(folder).includes(pid)) return null;
  const port = portOf(folder);
  if (!hasCommandLine(pid, commandLine(options, port))) return null;
  watchdog.guard(pid, 'INT');
  return { port, ended: untilGone(pid), stop: async () => void (await endStragglers(folder)) };
}

/** The fourth line of the pid file. */
function portOf(folder: string): number {
  return Number(readFileSync(`${folder}/postmaster.pid`, 'utf8').split('\n')[3]);
}

/** False also where the system does not tell. */
function hasCommandLine(pid: number, expected: readonly string[]): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${expected.join('\0')}\0`;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<string> {
  while (isRunning(pid)) await delay(LOOK_MS, undefined, { ref: false });
  return 'nobody saw how';
}
