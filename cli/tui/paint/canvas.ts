/**
 * The screen as a grid of cells. Only here does text become something that a terminal sees: whatever
 * could act on it is made visible first, wherever it came from.
 */

import { safeText } from '../../run/sanitize.ts';
import { isSingleColumn, textWidth } from '../../terminal/columns.ts';
import type { Line, Style } from './line.ts';
import { PLAIN } from './line.ts';
import { keyOf } from './palette.ts';

/** One column. `text` is '' in the right half of a wide character. */
export interface Cell {
  readonly text: string;
  readonly style: Style;
  /** Equal for styles that look the same. */
  readonly look: string;
}

export const BLANK: Cell = { text: ' ', style: PLAIN, look: keyOf(PLAIN) };

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Lines are never changed once made, so their cells are the same each time. */
const cellsOf = new WeakMap<Line, readonly Cell[]>();

/** The cells of a line. */
export function toCells(line: Line): readonly Cell[] {
  const known = cellsOf.get(line);
  if (known !== undefined) return known;
  const cells: Cell[] = [];
  for (const { text, style } of line) {
    const look = keyOf(style);
    if (isSingleColumn(text)) {
      for (let i = 0; i < text.length; i++) cells.push({ text: text[i] ?? ' ', style, look });
    } else pushGraphemes(cells, safeText(text), style, look);
  }
  cellsOf.set(line, cells);
  return cells;
}

function pushGraphemes(cells: Cell[], text: string, style: Style, look: string): void {
  for (const { segment } of graphemes.segment(text)) {
    const columns = textWidth(segment);
    // What takes no column of its own cannot be addressed, so it is not drawn.
    if (columns === 0) continue;
    cells.push({ text: segment, style, look });
    for (let more = 1; more < columns; more++) cells.push({ text: '', style, look });
  }
}

/** A grid of `columns` times `rows` blank cells. */
export class Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly cells: Cell[][];

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.cells = Array.from({ length: rows }, () => new Array<Cell>(columns).fill(BLANK));
  }

  /** Draws `line` from column `x` of row `y` on, in at most `width` columns; what is outside is cut off. */
  draw(x: number, y: number, line: Line, width: number): void {
    const row = this.cells[y];
    if (row === undefined) return;
    const cells = toCells(line);
    const last = Math.min(width, cells.length, this.columns - x);
    for (let i = 0; i < last; i++) row[x + i] = cells[i] ?? BLANK;
    // Half of a wide character cannot be shown.
    if (last < cells.length && cells[last]?.text === '') row[x + last - 1] = BLANK;
  }

  /** Makes a rectangle blank. */
  clear(x: number, y: number, width: number, height: number): void {
    for (const row of this.cells.slice(y, y + height)) row.fill(BLANK, x, Math.min(x + width, this.columns));
  }

  /** The rows as text, blanks at the end cut off. */
  text(): string[] {
    return this.cells.map((row) =>
      row
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
  }
}
