/** Draws a story in lanes as lines for terminals: lanes as columns, or below each other where they would be too narrow. */
import type { WireLine } from '../../server/contract/index.ts';
import {
  fitsBeside,
  type LaneStory,
  reachOf,
  type WhyColumn,
  type WhyLayout,
  type WhyRow,
  type WhyStepRow,
  type WhyWaitRow,
  whyLayout,
} from '../run/why-layout.ts';
import { wireStory } from '../run/wire-story.ts';
import { alignLeft, alignRight, textWidth, truncate, wrap } from '../terminal/columns.ts';
import { fitted, type Paint, type Piece, type Pieces, paintedText, piece, trimmed } from './pieces.ts';
import type { Style } from './style.ts';
import { stepLines } from './why-step.ts';

/** A line on a terminal, and the steps that it is of. */
export interface WhyDrawn {
  steps: readonly number[];
  pieces: Pieces;
}

export interface LaneOptions {
  /** With all lanes and all steps. */
  unfolded?: boolean;
  /** What unfolds: `e expands`; empty: nothing does. */
  hint?: string;
}

/** A lane is no narrower, so that two stand beside each other from 82 columns on and three from 120. */
const LEAST_LANE = 37;
const GAP = 2;
/** Between a step's number and the lanes. */
const AFTER_NUMBER = 3;
/** Lines of a statement that is pointed to; of others it is one, beside each other. */
const MOST_LINES = 2;
/** With more lanes folded than these, their names would be too long a list. */
const MOST_NAMED = 6;

/** The lanes in at most `width` columns; text in the layout is safe already. */
export function laneLines(
  story: LaneStory,
  width: number,
  { unfolded = false, hint = '' }: LaneOptions = {},
): WhyDrawn[] {
  const layout = whyLayout(story, { unfolded });
  const gutter = Math.max(2, String(story.steps.at(-1)?.step ?? 1).length) + AFTER_NUMBER;
  const room = width - gutter;
  const lines = fitsBeside(layout, room, LEAST_LANE, GAP)
    ? besideLines(layout, room, gutter)
    : belowLines(layout, room, gutter);
  return [...lines, ...foldedLines(layout, gutter, room, hint)];
}

/** What went over the wire of a gated run, in the same lanes. */
export function wireLines(wire: readonly WireLine[], style: Style, width: number): string[] {
  return laneLines(wireStory(wire), width).map(({ pieces }) => paintedText(pieces, style));
}

/** `5 requests folded: C listBookings, D availability; e expands`. */
function foldedLines(layout: WhyLayout, gutter: number, room: number, hint: string): WhyDrawn[] {
  const { foldedLanes, foldedCount, hasFolds } = layout;
  const names = foldedCount > MOST_NAMED ? '' : `: ${foldedLanes}`;
  const folded =
    foldedCount === 0 ? '' : `${foldedCount} ${foldedCount === 1 ? 'request' : 'requests'} folded${names}`;
  const told = [folded, hasFolds ? hint : ''].filter(Boolean).join('; ');
  return told === '' ? [] : wrap(told, room).map((line) => plainLine(gutter, line, 'quiet'));
}

function plainLine(gutter: number, text: string, paint: Paint): WhyDrawn {
  return { steps: [], pieces: [piece(' '.repeat(gutter)), piece(text, paint)] };
}

/** The number of a step, on its first line only. */
function numberPiece(row: WhyRow, gutter: number, first: boolean): Piece {
  const number = row.row === 'step' && first ? String(row.step) : '';
  return piece(`${alignRight(number, gutter - AFTER_NUMBER)}${' '.repeat(AFTER_NUMBER)}`, 'quiet');
}

function stepsOf(row: WhyRow): readonly number[] {
  return row.row === 'step' ? [row.step, ...row.joined] : [];
}

// Beside each other.

function besideLines(layout: WhyLayout, room: number, gutter: number): WhyDrawn[] {
  const count = Math.max(1, layout.columns.length);
  const lane = Math.floor((room - GAP * (count - 1)) / count);
  const heads = layout.columns.flatMap((column, i) => [
    ...(i === 0 ? [] : [piece(' '.repeat(GAP))]),
    piece(alignLeft(headingOf(column), lane), 'heading'),
  ]);
  const rows: WhyDrawn[] = [];
  for (let i = 0; i < layout.rows.length; i++) {
    const row = layout.rows[i] as WhyRow;
    const next = layout.rows[i + 1];
    if (next !== undefined && areCommitsBeside(row, next)) {
      rows.push(commitsLine(row as WhyStepRow, next as WhyStepRow, layout.columns, lane, gutter));
      i++;
    } else rows.push(...besideRow(row, layout.columns, lane, room, gutter));
  }
  return [{ steps: [], pieces: trimmed([piece(' '.repeat(gutter)), ...heads]) }, ...rows];
}

function headingOf({ name, heading, outcome }: WhyColumn): string {
  return `${name}  ${heading}${outcome === 'ok' ? '' : `  ${outcome}`}`;
}

/** Two commits of which the second is further to the right, with no wait drawn on either row. */
function areCommitsBeside(first: WhyRow, second: WhyRow): boolean {
  if (first.row !== 'step' || second.row !== 'step') return false;
  if (first.kind !== 'commit' || second.kind !== 'commit' || first.column === null) return false;
  if (second.column === null || first.column >= second.column) return false;
  if (first.mark !== '' || second.mark !== '') return false;
  return [...first.bars, ...second.bars].every((bar) => bar === null);
}

/** Both in one row; the number of the second stands with it. */
function commitsLine(
  first: WhyStepRow,
  second: WhyStepRow,
  columns: readonly WhyColumn[],
  lane: number,
  gutter: number,
): WhyDrawn {
  const numbered = { ...second, text: `${second.step}  ${second.text}` };
  const contents = new Map([
    [first.column, stepLines(first, lane - 2, 1)[0] ?? []],
    [second.column, stepLines(numbered, lane - 2, 1)[0] ?? []],
  ]);
  const cells = columns.map((_, i) => fitted([piece('  '), ...(contents.get(i) ?? [])], lane));
  return {
    steps: [...stepsOf(first), ...stepsOf(second)],
    pieces: [numberPiece(first, gutter, true), ...besideEachOther(cells)],
  };
}

function besideRow(
  row: WhyRow,
  columns: readonly WhyColumn[],
  lane: number,
  room: number,
  gutter: number,
): WhyDrawn[] {
  if (row.row === 'wait')
    return [{ steps: [], pieces: [numberPiece(row, gutter, true), ...waitPieces(row, columns, lane)] }];
  // Over all lanes: the service's own doings, and what is folded.
  if (row.row === 'fold' || row.column === null) {
    const pieces = row.row === 'fold' ? [piece(row.words, 'quiet')] : (stepLines(row, room - 2, 1)[0] ?? []);
    const bars = row.bars.some((bar) => bar !== null);
    const cell = bars ? cellsAround(row, columns, lane, 0, pieces, true) : pieces;
    return [{ steps: stepsOf(row), pieces: [numberPiece(row, gutter, true), ...cell] }];
  }
  const own = row.column;
  const content = stepLines(row, lane - 2, isPointedTo(row) ? MOST_LINES : 1);
  return content.map((pieces, i) => ({
    steps: stepsOf(row),
    pieces: [numberPiece(row, gutter, i === 0), ...cellsAround(row, columns, lane, own, pieces, i === 0)],
  }));
}

/** All cells of a row: the content in its own, bars of waits in the others. */
function cellsAround(
  row: WhyRow,
  columns: readonly WhyColumn[],
  lane: number,
  own: number,
  content: Pieces,
  first: boolean,
): Piece[] {
  const cells = columns.map((_, i) => {
    const bar = row.bars[i] ?? null;
    const sign = bar === null ? '  ' : bar === 'ends' ? (first ? '└ ' : '  ') : '│ ';
    return fitted([piece(sign, 'bar'), ...(i === own ? content : [])], lane);
  });
  return besideEachOther(cells);
}

function besideEachOther(cells: readonly Pieces[]): Piece[] {
  return trimmed(cells.flatMap((cell, i) => (i === 0 ? cell : [piece(' '.repeat(GAP)), ...cell])));
}

/** A wait as a line from the lane that waits to those whom it waits for. */
function waitPieces(row: WhyWaitRow, columns: readonly WhyColumn[], lane: number): Piece[] {
  const isLeft = row.blockers.some((blocker) => blocker < row.column);
  const isRight = row.blockers.some((blocker) => blocker > row.column);
  const cells = columns.map((_, i): Piece[] => {
    const bar = row.bars[i] ?? null;
    if (i === row.column) {
      const sign = isLeft ? '┐ ' : '┌ ';
      const words = `${sign}${row.words} `;
      const rest = Math.max(0, lane - textWidth(words));
      return [piece(truncate(words, lane) + (isRight ? '─' : ' ').repeat(rest), 'bar')];
    }
    const reach = reachOf(row, i);
    if (reach === null) return fitted([piece(bar === null ? '  ' : '│ ', 'bar')], lane);
    if (reach.part === 'through') return [piece('─'.repeat(lane), 'bar')];
    return reach.towards === 'right'
      ? [piece(`  ◀${'─'.repeat(lane - 3)}`, 'bar')]
      : [piece(alignLeft('─▶', lane), 'bar')];
  });
  const pieces = cells.flatMap((cell, i) => {
    if (i === 0) return cell;
    const isLine = crosses(row, i - 1) && crosses(row, i);
    return [piece((isLine ? '─' : ' ').repeat(GAP), 'bar'), ...cell];
  });
  return trimmed(pieces);
}

function crosses(row: WhyWaitRow, at: number): boolean {
  return at === row.column || reachOf(row, at) !== null;
}

// Below each other.

function belowLines(layout: WhyLayout, room: number, gutter: number): WhyDrawn[] {
  const names = Math.max(1, ...layout.columns.map(({ name }) => textWidth(name)));
  const heads = layout.columns.map((column) =>
    plainLine(gutter, truncate(headingOf(column), room), 'heading'),
  );
  const hasBars = layout.rows.some(({ bars }) => bars.some((bar) => bar !== null));
  const before = names + 2 + (hasBars ? layout.columns.length + 1 : 0);
  const rows = layout.rows.flatMap((row): WhyDrawn[] =>
    belowContent(row, room - before).map((content, i) => ({
      steps: stepsOf(row),
      pieces: trimmed([
        numberPiece(row, gutter, i === 0),
        piece(alignLeft(i === 0 ? nameOf(row, layout.columns) : '', names), 'heading'),
        piece('  '),
        ...(hasBars ? [piece(`${barsOf(row, i === 0)} `, 'bar')] : []),
        ...content,
      ]),
    })),
  );
  return [...heads, ...rows];
}

function belowContent(row: WhyRow, width: number): Pieces[] {
  if (row.row === 'step') return stepLines(row, width, isPointedTo(row) ? MOST_LINES : 1);
  return [[piece(truncate(row.words, width), row.row === 'wait' ? 'bar' : 'quiet')]];
}

function nameOf(row: WhyRow, columns: readonly WhyColumn[]): string {
  return row.row === 'fold' || row.column === null ? '' : (columns[row.column]?.name ?? '');
}

/** A column of one character for each lane that waits. */
function barsOf(row: WhyRow, first: boolean): string {
  return row.bars
    .map((bar) => {
      if (bar === null) return ' ';
      if (bar === 'begins') return '┌';
      return bar === 'goes-on' ? '│' : first ? '└' : ' ';
    })
    .join('');
}

function isPointedTo({ tone }: WhyStepRow): boolean {
  return tone === 'read' || tone === 'write' || tone === 'mark';
}
