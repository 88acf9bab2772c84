/** Draws why it broke as lines for terminals: lanes as columns, or below each other where they would be too narrow. */
import type { Why } from '../../server/contract/index.ts';
import {
  fitsBeside,
  reachOf,
  type WhyColumn,
  type WhyLayout,
  type WhyRow,
  type WhyStepRow,
  type WhyTone,
  type WhyWaitRow,
  whyLayout,
} from '../run/why-layout.ts';
import { alignLeft, alignRight, textWidth, truncate, wrap } from '../terminal/columns.ts';

/** How a piece looks; whoever shows it has a colour for each. */
export type WhyPaint = WhyTone | 'heading' | 'error' | 'bar';

export interface WhyPiece {
  text: string;
  paint: WhyPaint;
}

/** A line on a terminal, and the step that it is of; null: of none. */
export interface WhyDrawn {
  step: number | null;
  pieces: readonly WhyPiece[];
}

/** A lane is no narrower, so that two stand beside each other from 82 columns on and three from 120. */
const LEAST_LANE = 37;
const GAP = 2;
/** Between a step's number and the lanes. */
const AFTER_NUMBER = 3;
/** Lines of a step that is pointed to; of others it is one, beside each other. */
const MOST_LINES = 3;
/** A statement is cut no shorter to have its answer and mark on the same line. */
const LEAST_TEXT = 18;

/** The lanes in at most `width` columns; text in the layout is safe already. `unfolded`: with all lanes and all steps. */
export function whyLaneLines(why: Why, width: number, { unfolded = false } = {}): WhyDrawn[] {
  const layout = whyLayout(why, { unfolded });
  const gutter = Math.max(2, String(why.steps.at(-1)?.step ?? 1).length) + AFTER_NUMBER;
  const room = width - gutter;
  const lines = fitsBeside(layout, room, LEAST_LANE, GAP)
    ? besideLines(layout, room, gutter)
    : belowLines(layout, room, gutter);
  if (layout.foldedLanes === '') return lines;
  return [...lines, plainLine(gutter, truncate(`Folded: ${layout.foldedLanes}`, room), 'quiet')];
}

function plainLine(gutter: number, text: string, paint: WhyPaint): WhyDrawn {
  return { step: null, pieces: [piece(' '.repeat(gutter)), piece(text, paint)] };
}

function piece(text: string, paint: WhyPaint = 'plain'): WhyPiece {
  return { text, paint };
}

/** The number of a step, on its first line only. */
function numberPiece(row: WhyRow, gutter: number, first: boolean): WhyPiece {
  const number = row.row === 'step' && first ? String(row.step) : '';
  return piece(`${alignRight(number, gutter - AFTER_NUMBER)}${' '.repeat(AFTER_NUMBER)}`, 'quiet');
}

function stepOf(row: WhyRow): number | null {
  return row.row === 'step' ? row.step : null;
}

// Beside each other.

function besideLines(layout: WhyLayout, room: number, gutter: number): WhyDrawn[] {
  const count = Math.max(1, layout.columns.length);
  const lane = Math.floor((room - GAP * (count - 1)) / count);
  const heads = layout.columns.flatMap((column, i) => [
    ...(i === 0 ? [] : [piece(' '.repeat(GAP))]),
    piece(alignLeft(headingOf(column), lane), 'heading'),
  ]);
  const rows = layout.rows.flatMap((row) => besideRow(row, layout.columns, lane, room, gutter));
  return [{ step: null, pieces: trimmed([piece(' '.repeat(gutter)), ...heads]) }, ...rows];
}

function headingOf({ name, heading, outcome }: WhyColumn): string {
  return `${name}  ${heading}${outcome === 'ok' ? '' : `  ${outcome}`}`;
}

function besideRow(
  row: WhyRow,
  columns: readonly WhyColumn[],
  lane: number,
  room: number,
  gutter: number,
): WhyDrawn[] {
  if (row.row === 'wait')
    return [{ step: null, pieces: [numberPiece(row, gutter, true), ...waitPieces(row, columns, lane)] }];
  const own = row.row === 'step' && row.column !== null ? row.column : null;
  // Over all lanes: the service's own doings, and what is folded.
  if (own === null) {
    const pieces =
      row.row === 'fold'
        ? [piece(row.words, 'quiet')]
        : (contentLines(row as WhyStepRow, room - 2, 1)[0] ?? []);
    const bars = row.bars.some((bar) => bar !== null);
    const cell = bars ? cellsAround(row, columns, lane, 0, pieces, true) : pieces;
    return [{ step: stepOf(row), pieces: [numberPiece(row, gutter, true), ...cell] }];
  }
  const most = row.row === 'step' && isPointedTo(row) ? MOST_LINES : 1;
  const content = contentLines(row as WhyStepRow, lane - 2, most);
  return content.map((pieces, i) => ({
    step: stepOf(row),
    pieces: [numberPiece(row, gutter, i === 0), ...cellsAround(row, columns, lane, own, pieces, i === 0)],
  }));
}

/** All cells of a row: the content in its own, bars of waits in the others. */
function cellsAround(
  row: WhyRow,
  columns: readonly WhyColumn[],
  lane: number,
  own: number,
  content: readonly WhyPiece[],
  first: boolean,
): WhyPiece[] {
  const cells = columns.map((_, i) => {
    const bar = row.bars[i] ?? null;
    const sign = bar === null ? '  ' : bar === 'ends' ? (first ? '└ ' : '  ') : '│ ';
    return fitted([piece(sign, 'bar'), ...(i === own ? content : [])], lane);
  });
  return trimmed(cells.flatMap((cell, i) => (i === 0 ? cell : [piece(' '.repeat(GAP)), ...cell])));
}

/** A wait as a line from the lane that waits to those whom it waits for. */
function waitPieces(row: WhyWaitRow, columns: readonly WhyColumn[], lane: number): WhyPiece[] {
  const isLeft = row.blockers.some((blocker) => blocker < row.column);
  const isRight = row.blockers.some((blocker) => blocker > row.column);
  const cells = columns.map((_, i): WhyPiece[] => {
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
      step: stepOf(row),
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

function belowContent(row: WhyRow, width: number): (readonly WhyPiece[])[] {
  if (row.row === 'step') return contentLines(row, width, isPointedTo(row) ? MOST_LINES : 2);
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

// What a step says.

function isPointedTo({ tone }: WhyStepRow): boolean {
  return tone === 'read' || tone === 'write' || tone === 'mark';
}

/** The statement, what it answered, and what stands beside it, in at most `most` lines of `width` columns. */
function contentLines(row: WhyStepRow, width: number, most: number): (readonly WhyPiece[])[] {
  const again =
    row.takenBack === 0 ? '' : ` (sent again${row.takenBack === 1 ? '' : ` ${row.takenBack} times`})`;
  const said = row.text + (most > 1 && row.values !== '' ? ` [${row.values}]` : '') + again;
  const answer = row.answer === '' ? '' : ` ${truncate(row.answer, Math.max(8, Math.floor(width / 2)))}`;
  const mark = row.mark === '' ? '' : `  ◀ ${row.mark}`;
  const after = textWidth(answer) + textWidth(mark);
  const ends = (cut: string): WhyPiece[] => [
    piece(answer, row.isError ? 'error' : 'quiet'),
    piece(cut, row.tone),
  ];
  if (textWidth(said) + after <= width || (most === 1 && width - after >= LEAST_TEXT))
    return [[piece(truncate(said, width - after), row.tone), ...ends(mark)]];
  if (most === 1) return [[piece(truncate(said + answer + mark, width), row.tone)]];
  const lines = wrap(said, width);
  const isCut = lines.length >= most;
  const kept = isCut ? lines.slice(0, most - 1) : lines;
  if (isCut) kept[most - 2] = truncate(`${kept[most - 2]}…`, width);
  const last = kept.at(-1) ?? '';
  const told = kept.slice(0, -1).map((text) => [piece(text, row.tone)]);
  if (textWidth(last) + after <= width) return [...told, [piece(last, row.tone), ...ends(mark)]];
  const below = [piece(truncate(answer.trimStart(), width), row.isError ? 'error' : 'quiet')];
  return [
    ...told,
    [piece(last, row.tone)],
    ...(after === 0
      ? []
      : [[...below, piece(truncate(mark, width - textWidth(answer.trimStart())), row.tone)]]),
  ];
}

/** Cut or padded to exactly `width` columns. */
function fitted(pieces: readonly WhyPiece[], width: number): WhyPiece[] {
  let room = width;
  const kept = pieces.map(({ text, paint }) => {
    const cut = truncate(text, room);
    room -= textWidth(cut);
    return piece(cut, paint);
  });
  return room > 0 ? [...kept, piece(' '.repeat(room))] : kept;
}

/** Without blanks at the end. */
function trimmed(pieces: readonly WhyPiece[]): WhyPiece[] {
  const kept = pieces.filter(({ text }) => text !== '');
  while (kept.length > 0 && kept.at(-1)?.text.trim() === '') kept.pop();
  return kept.map((each, i) => (i === kept.length - 1 ? { ...each, text: each.text.trimEnd() } : each));
}
