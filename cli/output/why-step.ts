/** What a step of the lanes says, in a few lines: the statement, what it answered, and what stands beside it. */
import type { WhyStepRow } from '../run/why-layout.ts';
import { textWidth, truncate, wrap } from '../terminal/columns.ts';
import { type Pieces, piece } from './pieces.ts';

/** A statement, and an answer, are cut no shorter to have the rest on the same line. */
const LEAST_TEXT = 18;
const LEAST_ANSWER = 8;
const MOST_MARK_LINES = 3;

/** The statement in at most `most` lines of `width` columns; what stands beside it is never cut off, and has lines of its own where it must. */
export function stepLines(row: WhyStepRow, width: number, most: number): Pieces[] {
  const said = saidBy(row, most);
  const { answer, mark } = sides(row, width);
  const tail = textWidth(answer) + textWidth(mark);
  const end: Pieces = [piece(answer, row.isError ? 'error' : 'quiet'), piece(mark, markPaint(row))];
  const lines = most === 1 ? cutTo(said, width - tail) : wrapTo(said, width, most);
  const last = lines?.at(-1) ?? '';
  if (lines !== null && textWidth(last) + tail <= width) {
    return [...lines.slice(0, -1).map((text) => [piece(text, row.tone)]), [piece(last, row.tone), ...end]];
  }
  const told = (lines ?? [truncate(said, width)]).map((text) => [piece(text, row.tone)]);
  return [...told, ...endLines(row, width)];
}

function saidBy({ text, values, takenBack }: WhyStepRow, most: number): string {
  const again = takenBack === 0 ? '' : ` (sent again${takenBack === 1 ? '' : ` ${takenBack} times`})`;
  return text + (most > 1 && values !== '' ? ` [${values}]` : '') + again;
}

/** On the line of the statement an answer takes no more than half of it. */
function sides({ answer, mark }: WhyStepRow, width: number): { answer: string; mark: string } {
  return {
    answer: answer === '' ? '' : ` ${truncate(answer, Math.max(LEAST_ANSWER, Math.floor(width / 2)))}`,
    mark: mark === '' ? '' : `  ◀ ${mark}`,
  };
}

/** One line, if enough of the statement is left in it. */
function cutTo(said: string, room: number): string[] | null {
  if (room < Math.min(LEAST_TEXT, textWidth(said))) return null;
  return [cutAtWord(said, room)];
}

function wrapTo(said: string, width: number, most: number): string[] {
  const lines = wrap(said, width);
  if (lines.length <= most) return lines;
  const kept = lines.slice(0, most);
  return [...kept.slice(0, -1), cutAtWord(`${kept.at(-1)} ${lines[most]}`, width)];
}

/** Not in the middle of a name, unless there is no other place. */
function cutAtWord(text: string, width: number): string {
  const cut = truncate(text, width);
  if (cut === text) return text;
  const blank = cut.lastIndexOf(' ');
  return blank >= width / 2 ? `${cut.slice(0, blank)} …` : cut;
}

/** Below the statement: the answer, and beside it or below it the mark, whole. */
function endLines(row: WhyStepRow, width: number): Pieces[] {
  const { answer, mark, isError } = row;
  const paint = isError ? 'error' : 'quiet';
  if (mark === '') return [[piece(truncate(answer, width), paint)]];
  const told = `◀ ${mark}`;
  const room = width - textWidth(told) - 2;
  if (answer === '' || room < Math.min(LEAST_ANSWER, textWidth(answer))) {
    const marks = wrap(told, width).slice(0, MOST_MARK_LINES);
    const first: Pieces[] = answer === '' ? [] : [[piece(truncate(answer, width), paint)]];
    return [...first, ...marks.map((line): Pieces => [piece(line, markPaint(row))])];
  }
  return [[piece(truncate(answer, room), paint), piece(`  ${told}`, markPaint(row))]];
}

function markPaint({ tone }: WhyStepRow): 'mark' | 'read' | 'write' {
  return tone === 'read' || tone === 'write' ? tone : 'mark';
}
