/** A stretch of lines out of many. */
import type { Line } from '../paint/line.ts';

/** The lines from `from` on that fit, with `from` held within bounds. */
export function scrolled(lines: readonly Line[], from: number, height: number): readonly Line[] {
  const start = Math.max(0, Math.min(from, lines.length - height));
  return lines.slice(start, start + height);
}

/** Says where in a long text one stands; '' when all of it is shown. */
export function placeText(from: number, height: number, count: number): string {
  if (count <= height) return '';
  const start = Math.max(0, Math.min(from, count - height));
  return `${start + 1} to ${Math.min(count, start + height)} of ${count}`;
}
