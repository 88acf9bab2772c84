/** The first line: which run, how it stands, and whether the link lives. */
import { textWidth } from '../../terminal/columns.ts';
import { type Line, type Style, span } from '../paint/line.ts';

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
  const kept = parts.filter((part) => part.text !== '');
  const widthOf = () => kept.reduce((sum, part) => sum + textWidth(part.text) + GAP.length, -GAP.length);
  while (kept.length > 1 && widthOf() > width) {
    const worst = Math.max(...kept.map((part) => part.drop));
    kept.splice(
      kept.findIndex((part) => part.drop === worst),
      1,
    );
  }
  return kept;
}
