/** A bar over the whole run with a handle, and above it when faults struck and where it failed. */
import { type Line, span } from '../paint/line.ts';

export interface ScrubberProps {
  /** Event at the handle, and the newest. */
  at: number;
  newest: number;
  /** Index and how many faults struck up to it. */
  faults: readonly { index: number; count: number }[];
  failedAt: number | null;
  width: number;
}

const BARS = '▁▂▃▄▅▆▇█';

/** Two lines: the marks, and the bar. */
export function scrubber({ at, newest, faults, failedAt, width }: ScrubberProps): [marks: Line, bar: Line] {
  const columnOf = (index: number) =>
    Math.max(0, Math.min(width - 1, Math.round((index / Math.max(1, newest)) * (width - 1))));
  const counts = new Array<number>(width).fill(0);
  for (const { index, count } of faults) {
    const column = columnOf(index);
    counts[column] = (counts[column] ?? 0) + count;
  }
  const most = Math.max(1, ...counts);
  const failed = failedAt === null ? -1 : columnOf(failedAt);
  const marks = counts.map((count, column) => {
    if (column === failed) return span('✖', { color: 'redBright', bold: true });
    return span(count === 0 ? ' ' : (BARS[Math.min(7, Math.floor((count / most) * 8))] ?? ' '), {
      color: 'red',
    });
  });
  const handle = columnOf(at);
  const bar = Array.from({ length: width }, (_, column) => {
    if (column === handle) return span('●', { color: 'cyan', bold: true });
    return column < handle ? span('━', { color: 'cyan' }) : span('─', { dim: true });
  });
  const indexOf = (column: number) => Math.round((column / Math.max(1, width - 1)) * newest);
  return [placed(marks, indexOf), placed(bar, indexOf)];
}

/** Pieces of one column each, which stand for the events at their places. */
function placed(pieces: Line, indexOf: (column: number) => number): Line {
  return pieces.map(({ text, style }, column) =>
    span(text, { ...style, target: { on: 'place', index: indexOf(column) } }),
  );
}
