/** I5: after the fault, memory and sockets of a process are back where they were before it. */
import { liveBytes } from './inspect.ts';
import { openSockets, residentBytes } from './processes.ts';
import type { Row } from './row.ts';
import { until } from './until.ts';

const MORE_PERCENT = 10;
const BACK_MS = 15_000;
/** So many looks in a row have to agree, and their median counts. */
const LOOKS = 5;
const AGREE_PERCENT = 1;
const MOST_LOOKS = 20;
/** A warm-up by which memory grows less than that was the last that was needed. */
const STEADY_PERCENT = 2;
const WARM_UPS = { least: 3, most: 6 };
/** By this much the sockets may differ: pools of connections that breathe. */
const FEW_SOCKETS = 2;

export interface Baseline {
  pid: number;
  inspectorPort: number;
  residentMib: number;
  liveMib: number;
  sockets: number;
}

/** What a process holds now, once it has settled; its environment is `inspectable(inspectorPort)`. */
export async function takeBaseline(pid: number, inspectorPort: number): Promise<Baseline> {
  const looks: { residentMib: number; liveMib: number }[] = [];
  // What one collection leaves to finalizers, and to the allocator, goes with the next.
  while (looks.length < MOST_LOOKS) {
    const liveMib = (await liveBytes(pid, inspectorPort)) / 2 ** 20;
    looks.push({ liveMib, residentMib: residentBytes(pid) / 2 ** 20 });
    const last = looks.slice(-LOOKS).map(({ residentMib }) => residentMib);
    if (last.length === LOOKS && Math.max(...last) <= Math.min(...last) * (1 + AGREE_PERCENT / 100)) break;
  }
  const middle = (of: 'residentMib' | 'liveMib') =>
    looks
      .slice(-LOOKS)
      .map((look) => look[of])
      .sort((a, b) => a - b)[Math.floor(LOOKS / 2)] ?? Number.NaN;
  return {
    pid,
    inspectorPort,
    residentMib: middle('residentMib'),
    liveMib: middle('liveMib'),
    sockets: openSockets(pid),
  };
}

/** What a process holds once another warm-up hardly adds to it: code, pools and buffers that it keeps. */
export async function baselineAfter(
  pid: number,
  inspectorPort: number,
  warmUp: () => Promise<void>,
): Promise<Baseline> {
  let baseline = await takeBaseline(pid, inspectorPort);
  for (let done = 1; done <= WARM_UPS.most; done++) {
    const { residentMib } = baseline;
    await warmUp();
    baseline = await takeBaseline(pid, inspectorPort);
    if (done >= WARM_UPS.least && baseline.residentMib <= residentMib * (1 + STEADY_PERCENT / 100)) break;
  }
  return baseline;
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
