/** What the kernel tells of processes: who came from whom, which are left, what they hold. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Every process of a row carries it in its environment, and so do all that it starts. */
export const ROW_VARIABLE = 'SIMCITY_CHAOS_ROW';

export interface Found {
  pid: number;
  command: string;
}

/** True while the process runs; one that has ended and waits to be collected does not. */
export function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** The running processes that come from `root`, by the parents that the kernel knows. */
export function descendants(root: number): Found[] {
  const parents = new Map<number, number>();
  for (const pid of pids()) {
    const parent = parentOf(pid);
    if (parent > 0) parents.set(pid, parent);
  }
  const comesFromRoot = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && (parent === root || comesFromRoot(parent));
  };
  return [...parents.keys()].filter(comesFromRoot).map((pid) => ({ pid, command: commandOf(pid) }));
}

/** The running processes of a row. */
export function processesOf(row: string): Found[] {
  const wanted = `${ROW_VARIABLE}=${row}`;
  return pids()
    .filter((pid) => isRunning(pid) && read(`/proc/${pid}/environ`).split('\0').includes(wanted))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/** Those of `found` that run the bundle `dist/<part>.js`. */
export function running(found: readonly Found[], part: 'server' | 'runner' | 'harness'): number[] {
  return found.filter(({ command }) => command.includes(`/dist/${part}.js`)).map(({ pid }) => pid);
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** Open sockets. */
export function openSockets(pid: number): number {
  let count = 0;
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')) count += 1;
    } catch {
      // Closed meanwhile.
    }
  }
  return count;
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** All that the kernel shows. */
export function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The words of a process, joined. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

/** The parent of a running process; 0 when there is none. */
export function parentOf(pid: number): number {
  return Number(/\) [^ZX] (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1] ?? 0);
}

/** Where a process works; empty when that cannot be told. */
export function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** A file of the kernel's; empty when it is gone. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
