/** What to write to turn one picture into the next: only the cells that differ. */
import { BLANK, type Canvas, type Cell } from './canvas.ts';
import type { Palette } from './palette.ts';

/** Going on over so many equal cells is shorter than moving the cursor over them. */
const BRIDGE = 6;
/** From so many blanks up to the edge on, erasing is shorter. */
const ERASE_FROM = 6;

/** The escape codes and text that differ; '' when nothing does. `before` null: the screen is blank. */
export function differences(before: Canvas | null, after: Canvas, palette: Palette): string {
  let text = '';
  for (let y = 0; y < after.rows; y++) {
    const row = after.cells[y] ?? [];
    const old = before?.cells[y];
    text += rowDifferences(old, row, y, palette);
  }
  return text;
}

function rowDifferences(
  old: readonly Cell[] | undefined,
  row: readonly Cell[],
  y: number,
  palette: Palette,
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
    text += runText(row, from, to, y, palette);
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

function runText(row: readonly Cell[], from: number, to: number, y: number, palette: Palette): string {
  const blankFrom = trailingBlanks(row);
  const erases = to > blankFrom && row.length - Math.max(blankFrom, from) >= ERASE_FROM;
  const stop = erases ? Math.max(from, blankFrom) : to;
  let text = `\u001b[${y + 1};${from + 1}H`;
  let look: string | null = null;
  for (let x = from; x < stop; x++) {
    const cell = row[x] ?? BLANK;
    if (cell.look !== look) {
      text += palette(cell.style);
      look = cell.look;
    }
    text += cell.text;
  }
  return erases ? `${text}\u001b[0m\u001b[K` : `${text}\u001b[0m`;
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
