/** Who listens at a port of this machine, where the system has tables of it to read (Linux). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { childPids } from './child-pids.ts';

const LISTENS = '0A';

/**
 * The processes among these, and those that they started, which listen at the port: then all that answers there is
 * theirs. A service in a container, or started by a daemon, listens elsewhere.
 */
export function listenersAmong(roots: readonly number[], port: number): number[] {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return [];
  const pids = [...roots];
  const found: number[] = [];
  for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
    if (hasOneOf(pid, sockets)) found.push(pid);
    pids.push(...childPids(pid));
  }
  return found;
}

/** As the links of open files name them. */
function listeningSockets(port: number): Set<string> {
  const end = port.toString(16).toUpperCase().padStart(4, '0');
  const found = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(file)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === LISTENS && fields[1]?.endsWith(`:${end}`)) found.add(`socket:[${fields[9]}]`);
    }
  }
  return found;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1);
  } catch {
    return [];
  }
}

function hasOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => sockets.has(linkOf(`${folder}/${fd}`)));
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
