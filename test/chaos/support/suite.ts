/** The processes of one run of the suite: what the rows start, what keeps their databases, and the workers. */
import {
  commandOf,
  type Found,
  isRunning,
  parentOf,
  pids,
  ROW_VARIABLE,
  read,
  workingFolder,
} from './processes.ts';

/** In the environment of the workers, and of whatever inherits theirs. */
export const SUITE_VARIABLE = 'SIMCITY_CHAOS_SUITE';

export interface Suite {
  id: string;
  /** Where all its files are; PostgreSQL, which overwrites its environment, works inside it. */
  folder: string;
}

/** The running processes of a suite but this one; `main`'s own children, the workers, only when asked for. */
export function processesOfSuite(suite: Suite, main: number, { workers = false } = {}): Found[] {
  return pids()
    .filter((pid) => pid !== process.pid && pid !== main && isRunning(pid) && belongs(suite, pid))
    .filter((pid) => workers || parentOf(pid) !== main)
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

function belongs({ id, folder }: Suite, pid: number): boolean {
  if (workingFolder(pid).startsWith(`${folder}/`)) return true;
  return read(`/proc/${pid}/environ`)
    .split('\0')
    .some((entry) => entry === `${SUITE_VARIABLE}=${id}` || entry.startsWith(`${ROW_VARIABLE}=${id}.`));
}
