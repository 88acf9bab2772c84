/** The first line: which run, how it stands, and whether the link lives. */
import { type Line, type Style, span } from '../paint/line.ts';
import { fitting } from './fitting.ts';

/** A piece of the header; the ones with the highest `drop` go first when the line is too narrow. */
export interface HeaderPart {
  text: string;
  style?: Style;
  drop: number;
}

const GAP = '  ';

export function header(parts: readonly HeaderPart[], width: number): Line {
  return partsThatFit(parts, width).flatMap(({ text, style }, i) => [
    span(i === 0 ? '' : GAP),
    span(text, style),
  ]);
}

/** The parts that fit in `width`, in their order. */
export function partsThatFit(parts: readonly HeaderPart[], width: number): HeaderPart[] {
  const said = parts.filter(({ text }) => text !== '').map((part) => ({ ...part, wordings: [part.text] }));
  return fitting(said, width, GAP.length);
}
