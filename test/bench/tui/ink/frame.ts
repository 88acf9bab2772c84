/** The product's frame for Ink: the rows inside apart from what stands in the edges, which a Box's border has no place for. */
import { textWidth, truncate } from '../../../../cli/terminal/columns.ts';
import { type FrameProps, innerSize } from '../../../../cli/tui/components/frame.ts';
import { cutLine, type Line, span } from '../../../../cli/tui/paint/line.ts';

export { type FrameProps, innerSize } from '../../../../cli/tui/components/frame.ts';

/** Text in an edge, from the left corner on. */
interface Said {
  at: number;
  line: Line;
}

export interface Frame {
  color: FrameProps['color'];
  rows: readonly Line[];
  top: readonly Said[];
  bottom: readonly Said[];
}

const frames = new WeakMap<readonly Line[], Frame>();

/** The frame around these lines, if there is one. */
export function frameOf(lines: readonly Line[]): Frame | undefined {
  return frames.get(lines);
}

/** `lines` in a frame; what it looks like is asked of `frameOf`. */
export function framed(props: FrameProps, lines: readonly Line[]): Line[] {
  const { width, height, color, title, aside = '', footLeft = '', footRight = '', footMarks = [] } = props;
  const hasMarks = footMarks.length > 0;
  const inner = innerSize(width, height);
  const rows = lines.slice(0, inner.height).map((line) => cutLine(line, inner.width));
  const name = truncate(title, width - 6);
  const hasAside = aside !== '' && textWidth(aside) + 3 <= width - 6 - textWidth(name);
  const hasRight = !hasMarks && footRight !== '' && textWidth(footRight) + 6 <= width;
  const rightRoom = hasRight ? textWidth(footRight) + 2 : 0;
  const hasLeft = !hasMarks && footLeft !== '' && textWidth(footLeft) + 6 + rightRoom <= width;
  const frame: Frame = {
    color,
    rows,
    top: [
      { at: 1, line: [span(' '), span(name, { bold: true, color }), span(' ')] },
      ...(hasAside ? [{ at: width - 4 - textWidth(aside), line: [span(` ${aside} `)] }] : []),
    ],
    bottom: [
      ...footMarks.map(({ column, text }) => ({ at: 2 + column, line: [span(text, { dim: true })] })),
      ...(hasLeft ? [{ at: 2, line: [span(` ${footLeft} `, { dim: true })] }] : []),
      ...(hasRight
        ? [{ at: width - 4 - textWidth(footRight), line: [span(` ${footRight} `, { dim: true })] }]
        : []),
    ],
  };
  const own = [...rows];
  frames.set(own, frame);
  return own;
}
