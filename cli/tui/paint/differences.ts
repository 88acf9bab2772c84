/** What to write to turn one picture into the next: only the cells that differ. */
import { isSingleColumn } from '../../terminal/columns.ts';
import { BLANK, type Canvas, type Cell } from './canvas.ts';
import type { Palette } from './palette.ts';

/** Going on over so many equal cells is shorter than moving the cursor over them. */
const BRIDGE = 6;
/** From so many blanks up to the edge on, erasing is shorter. */
const ERASE_FROM = 6;

/** Where the terminal's cursor is and how it would write; what is known of them needs not be said again. */
interface Pen {
  x: number;
  y: number;
  /** Null: not known. */
  look: string | null;
}

/** The escape codes and text that differ; '' when nothing does. `before` null: the screen is blank. */
export function differences(before: Canvas | null, after: Canvas, palette: Palette): string {
  const pen: Pen = { x: -1, y: -1, look: null };
  let text = '';
  for (let y = 0; y < after.rows; y++) {
    const row = after.cells[y] ?? [];
    const old = before?.cells[y];
    text += rowDifferences(old, row, y, palette, pen);
  }
  return text === '' ? '' : `${text}\u001b[m`;
}

function rowDifferences(
  old: readonly Cell[] | undefined,
  row: readonly Cell[],
  y: number,
  palette: Palette,
  pen: Pen,
): string {
  let text = '';
  let x = 0;
  while (x < row.length) {
    if (isSame(old?.[x], row[x])) {
      x++;
      continue;
    }
    const from = startOf(row, old, x);
    const to = endOfRun(old, row, x);
    text += runText(row, from, to, y, palette, pen);
    x = to;
  }
  return text;
}

/** A change in the right half of a wide character, old or new, redraws all of it. */
function startOf(row: readonly Cell[], old: readonly Cell[] | undefined, x: number): number {
  let from = x;
  while (from > 0 && (row[from]?.text === '' || old?.[from]?.text === '')) from--;
  return from;
}

function endOfRun(old: readonly Cell[] | undefined, row: readonly Cell[], from: number): number {
  let end = from + 1;
  for (let x = from + 1; x < row.length && x - end <= BRIDGE; x++) {
    if (!isSame(old?.[x], row[x]) || row[x]?.text === '') end = x + 1;
  }
  return end;
}

function runText(
  row: readonly Cell[],
  from: number,
  to: number,
  y: number,
  palette: Palette,
  pen: Pen,
): string {
  const blankFrom = trailingBlanks(row);
  const erases = to > blankFrom && row.length - Math.max(blankFrom, from) >= ERASE_FROM;
  const stop = erases ? Math.max(from, blankFrom) : to;
  let text = moveTo(from, y, pen);
  let isCertain = true;
  for (let x = from; x < stop; x++) {
    const cell = row[x] ?? BLANK;
    text += lookLike(cell, palette, pen) + cell.text;
    isCertain &&= isSingleColumn(cell.text);
  }
  // Terminals do not agree on how wide some characters are, so behind one the place is named anew.
  pen.x = isCertain ? stop : Number.POSITIVE_INFINITY;
  return erases ? `${text}${lookLike(BLANK, palette, pen)}\u001b[K` : text;
}

function moveTo(x: number, y: number, pen: Pen): string {
  const forward = x - pen.x;
  const isAhead = pen.y === y && forward >= 0;
  pen.x = x;
  pen.y = y;
  if (!isAhead) return `\u001b[${y + 1};${x + 1}H`;
  return forward === 0 ? '' : `\u001b[${forward === 1 ? '' : forward}C`;
}

function lookLike({ look, style }: Cell, palette: Palette, pen: Pen): string {
  if (look === pen.look) return '';
  pen.look = look;
  return palette(style);
}

/** The first column from which on everything is blank. */
function trailingBlanks(row: readonly Cell[]): number {
  let x = row.length;
  while (x > 0 && isSame(row[x - 1], BLANK)) x--;
  return x;
}

function isSame(a: Cell | undefined, b: Cell | undefined): boolean {
  if (a === b) return true;
  return (a ?? BLANK).text === (b ?? BLANK).text && (a ?? BLANK).look === (b ?? BLANK).look;
}
