/** Which processes a process has started, where the system has a table of them to read (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** Its children that still run, in the order of their ids; none where they cannot be seen. */
export function childPids(parent: number): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Null for one that is gone meanwhile. The command in the second field may hold anything, also brackets. */
function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? null : Number(parent);
  } catch {
    return null;
  }
}
