/** The terminal of the measurements, and what its processes cost. */
import { readFileSync } from 'node:fs';
import { type Pty, startPty } from '../../helpers/pty.ts';

export const COLUMNS = 120;
export const ROWS = 40;

/** Node with these arguments in a terminal of that size. */
export function startInTerminal(args: string[]): Pty {
  return startPty(process.execPath, args, {
    columns: COLUMNS,
    rows: ROWS,
    env: { NODE_ENV: 'production' },
  });
}

export async function end(pty: Pty): Promise<void> {
  pty.kill('SIGKILL');
  await pty.exited;
}

export interface Cost {
  /** Share of one core in percent. */
  cpu: number;
  kbPerSecond: number;
}

/** What each of these costs over the same stretch of time, so that the machine is the same for all. */
export async function costs(ptys: readonly Pty[], seconds: number): Promise<Cost[]> {
  const before = ptys.map((pty) => ({ bytes: Buffer.byteLength(pty.raw()), cpu: cpuMs(pty.pid) }));
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const took = performance.now() - begun;
  return ptys.map((pty, i) => ({
    cpu: ((cpuMs(pty.pid) - (before[i]?.cpu ?? 0)) / took) * 100,
    kbPerSecond: (Buffer.byteLength(pty.raw()) - (before[i]?.bytes ?? 0)) / took,
  }));
}

/** CPU time of a process so far, in ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticksPerSecond = 100;
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1_024;
}
