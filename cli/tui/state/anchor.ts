/** Where a list begins, so that its chosen line is seen. */

/**
 * The place of the first line, from 0, of a list of `count` lines with room for `rows`. The chosen line stands at
 * row `anchor`, or in the middle: a click leaves it where it is, so that a second one hits it again.
 */
export function topAround(chosen: number, rows: number, count: number, anchor: number | null): number {
  const row = Math.min(anchor ?? Math.floor(rows / 2), Math.max(0, rows - 1));
  return Math.max(0, Math.min(chosen - row, count - rows));
}
