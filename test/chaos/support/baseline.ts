/** I5: after the fault, memory and sockets of a process are back where they were before it. */
import { liveBytes } from './inspect.ts';
import { openSockets, residentBytes } from './processes.ts';
import type { Row } from './row.ts';
import { until } from './until.ts';

const MORE_PERCENT = 10;
const BACK_MS = 15_000;
/** By this much the sockets may differ: pools of connections that breathe. */
const FEW_SOCKETS = 2;

export interface Baseline {
  pid: number;
  inspectorPort: number;
  residentMib: number;
  liveMib: number;
  sockets: number;
}

/** What a process holds now; its environment is `inspectable(inspectorPort)`. */
export async function takeBaseline(pid: number, inspectorPort: number): Promise<Baseline> {
  const liveMib = (await liveBytes(pid, inspectorPort)) / 2 ** 20;
  const residentMib = residentBytes(pid) / 2 ** 20;
  return { pid, inspectorPort, residentMib, liveMib, sockets: openSockets(pid) };
}

/** Checks I5: resident memory after a collection, and sockets, come back to at most 10 % above the baseline. */
export async function assertBack(row: Row, baseline: Baseline): Promise<void> {
  const { pid, inspectorPort, sockets, residentMib } = baseline;
  const most = sockets * (1 + MORE_PERCENT / 100) + FEW_SOCKETS;
  await until(`at most ${most} sockets are open (I5)`, BACK_MS, () => openSockets(pid) <= most);
  const morePercent = (now: Baseline) => (now.residentMib / residentMib - 1) * 100;
  let now = baseline;
  // What is kept for a while may go first; when it does not, the amount says by how much.
  const back = async () => {
    now = await takeBaseline(pid, inspectorPort);
    return morePercent(now) <= MORE_PERCENT;
  };
  await until('the memory is back', BACK_MS, back).catch(() => undefined);
  row.amount('memory', morePercent(now), MORE_PERCENT, '% more');
  row.reach(`sockets ${sockets} before, ${now.sockets} after; I5 holds`);
}
