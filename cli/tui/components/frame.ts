/** A frame around lines, with a title in its upper edge and notes in its corners. */
import { textWidth, truncate } from '../../terminal/columns.ts';
import { fitLine, type Line, line, type Span, type Style, span } from '../paint/line.ts';

export interface FrameProps {
  title: string;
  /** At the right of the upper edge. */
  aside?: string;
  /** At the left and at the right of the lower edge. */
  footLeft?: string;
  footRight?: string;
  /** Texts in the lower edge, instead of the notes, each from a column of the inner size on; none overlap. */
  footMarks?: readonly FootMark[];
  /** Outer size, with the frame. */
  width: number;
  height: number;
  color?: Style['color'];
}

export interface FootMark {
  column: number;
  text: string;
}

/** The inner size of a frame of this outer size. */
export function innerSize(width: number, height: number): { width: number; height: number } {
  return { width: Math.max(0, width - 4), height: Math.max(0, height - 2) };
}

/** `lines` in a frame: cut or padded to its inner size. */
export function framed(props: FrameProps, lines: readonly Line[]): Line[] {
  const { width, height } = props;
  const inner = innerSize(width, height);
  const edge: Style = props.color === undefined ? { dim: true } : { color: props.color };
  const left = span('│ ', edge);
  const right = span(' │', edge);
  const rows = Array.from({ length: inner.height }, (_, i) => [
    left,
    ...fitLine(lines[i] ?? [], inner.width),
    right,
  ]);
  return [upperEdge(props, edge), ...rows, lowerEdge(props, edge)];
}

/** With fewer columns of it, what stands at the right of the upper edge tells nothing. */
const LEAST_ASIDE = 16;

function upperEdge({ title, aside = '', width, color }: FrameProps, edge: Style): Line {
  const name = truncate(title, width - 6);
  const room = width - 9 - textWidth(name);
  const note =
    aside !== '' && room >= Math.min(textWidth(aside), LEAST_ASIDE) ? ` ${truncate(aside, room)} ` : '';
  const rule = '─'.repeat(Math.max(0, width - 5 - textWidth(name) - textWidth(note)));
  return line(
    span('╭ ', edge),
    span(name, { bold: true, color }),
    span(` ${rule}`, edge),
    note,
    span('─╮', edge),
  );
}

function lowerEdge({ footLeft = '', footRight = '', footMarks = [], width }: FrameProps, edge: Style): Line {
  if (footMarks.length > 0) return markedEdge(footMarks, width, edge);
  const room = width - 4;
  const right = footRight !== '' && textWidth(footRight) + 2 <= room ? ` ${footRight} ` : '';
  const left = footLeft !== '' && textWidth(footLeft) + 2 + textWidth(right) <= room ? ` ${footLeft} ` : '';
  const rule = '─'.repeat(Math.max(0, room - textWidth(left) - textWidth(right)));
  return [
    span('╰─', edge),
    span(left, { dim: true }),
    span(rule, edge),
    span(right, { dim: true }),
    span('─╯', edge),
  ];
}

function markedEdge(marks: readonly FootMark[], width: number, edge: Style): Line {
  const pieces: Span[] = [span('╰─', edge)];
  let at = 0;
  for (const { column, text } of marks) {
    pieces.push(span('─'.repeat(column - at), edge), span(text, { dim: true }));
    at = column + textWidth(text);
  }
  return [...pieces, span(`${'─'.repeat(Math.max(0, width - 4 - at))}─╯`, edge)];
}
