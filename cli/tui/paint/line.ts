/** Lines of styled text: what every component draws, before it becomes cells of the screen. */

import { safeText } from '../../run/sanitize.ts';
import { textWidth, truncate } from '../../terminal/columns.ts';
import type { Target } from './target.ts';

export const COLORS = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'gray',
] as const;
export type Color =
  | (typeof COLORS)[number]
  | `${'red' | 'green' | 'yellow' | 'cyan' | 'magenta' | 'blue'}Bright`;

/** How a piece of text looks. Colours are named ones, so that they follow the terminal's own theme. */
export interface Style {
  color?: Color | undefined;
  background?: Color | undefined;
  bold?: boolean | undefined;
  dim?: boolean | undefined;
  inverse?: boolean | undefined;
  underline?: boolean | undefined;
  /** What it stands for, for the mouse; it is not seen. */
  target?: Target | undefined;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}
export type Line = readonly Span[];

export const PLAIN: Style = {};
export const BOLD: Style = { bold: true };
export const DIM: Style = { dim: true };

/** A piece of text that is known to be safe: the app's own words, or text that went through `safeText`. */
export function span(text: string, style: Style = PLAIN): Span {
  return { text, style };
}

/** A piece of foreign text, made safe. */
export function foreign(text: string, style: Style = PLAIN): Span {
  return { text: safeText(text), style };
}

/** A line from its pieces; a bare string is a plain piece. */
export function line(...pieces: readonly (Span | string)[]): Line {
  return pieces.map((piece) => (typeof piece === 'string' ? span(piece) : piece));
}

export function lineWidth(pieces: Line): number {
  return pieces.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** `pieces` cut to at most `width` columns, with `…` where something was cut off. */
export function cutLine(whole: Line, width: number): Line {
  if (lineWidth(whole) <= width) return whole;
  // Blanks at the end hide nothing that a `…` would have to tell.
  const pieces = withoutBlankEnd(whole);
  if (lineWidth(pieces) <= width) return pieces;
  const kept: Span[] = [];
  let room = width;
  for (const piece of pieces) {
    if (room <= 0) break;
    const columns = textWidth(piece.text);
    const isLast = columns >= room;
    // A piece that fills the room exactly still hides what follows it, which the `…` tells.
    const text = isLast ? truncate(columns === room ? `${piece.text} ` : piece.text, room) : piece.text;
    kept.push({ text, style: piece.style });
    room -= columns;
  }
  return kept;
}

function withoutBlankEnd(pieces: Line): Line {
  const last = pieces.findLastIndex(({ text }) => text.trimEnd() !== '');
  return pieces
    .slice(0, last + 1)
    .map((piece, i) => (i < last ? piece : { ...piece, text: piece.text.trimEnd() }));
}

/** `pieces` cut or padded to exactly `width` columns. */
export function fitLine(pieces: Line, width: number, style: Style = PLAIN): Line {
  const cut = cutLine(pieces, width);
  const missing = width - lineWidth(cut);
  return missing > 0 ? [...cut, { text: ' '.repeat(missing), style }] : cut;
}

/** `left` and `right` at the two ends of `width` columns; `left` gives way. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = Math.max(0, width - lineWidth(right));
  return [...fitLine(left, room), ...cutLine(right, width)];
}

/** The text alone. */
export function textOf(pieces: Line): string {
  return pieces.map(({ text }) => text).join('');
}

/** The same line over the whole width, standing for `target`. */
export function clickable(pieces: Line, width: number, target: Target): Line {
  return restyle(fitLine(pieces, width), { target });
}

/** The same line with every piece painted over. */
export function restyle(pieces: Line, change: Style): Line {
  return pieces.map(({ text, style }) => ({ text, style: { ...style, ...change } }));
}
