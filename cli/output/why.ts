/** Why it broke as text: the title with its name, the lanes, what is concluded, and what was tried. */
import type { Why } from '../../server/contract/index.ts';
import { safeText } from '../run/sanitize.ts';
import { conclusionLines, costWords, listedCures } from '../run/why-words.ts';
import { textWidth, wrap } from '../terminal/columns.ts';
import type { Style } from './style.ts';
import { type WhyPaint, type WhyPiece, whyLaneLines } from './why-lanes.ts';

const INDENT = ' '.repeat(5);
/** Wider lanes would be hard to read along. */
const WIDEST = 160;

/** `width`: columns of the terminal. */
export function whyText(why: Why, style: Style, width: number): string {
  const columns = Math.min(width, WIDEST);
  const paints = paintsOf(style);
  const lanes = whyLaneLines(why, columns).map(({ pieces }) => paintedLine(pieces, paints));
  return [
    ...titleLines(why, columns).map((line, i) => (i === 0 ? style.bold(line) : line)),
    ...lanes,
    '',
    ...whyEndLines(why, columns).map((line) => (line.passes ? style.green(line.text) : line.text)),
    style.dim(`${INDENT}Found by ${costWords(why)}.`),
  ].join('\n');
}

/** The sentence, with the anomaly's name at the right of its first line where there is room. */
export function titleLines({ sentence, name }: Why, width: number): string[] {
  const right = name === null ? '' : safeText(name);
  const told = wrap(
    safeText(sentence),
    Math.max(20, width - INDENT.length - (right === '' ? 0 : textWidth(right) + 2)),
  );
  return told.map((line, i) => {
    const left = `${i === 0 ? 'WHY  ' : INDENT}${line}`;
    if (i > 0 || right === '') return left;
    return `${left}${' '.repeat(Math.max(2, width - textWidth(left) - textWidth(right)))}${right}`;
  });
}

/** What stands under the lanes; `passes`: it was tried, and passed each time. */
export function whyEndLines(why: Why, width: number): { text: string; passes: boolean }[] {
  const conclusion = conclusionLines(why).map((text) => ({ text, passes: false }));
  const tried = listedCures(why).map(({ what, result, passes }) => ({
    text: `${passes ? '✔' : '✖'} ${what}: ${result}`,
    passes,
  }));
  return [...conclusion, ...tried].flatMap(({ text, passes }) =>
    wrap(text, Math.max(20, width - INDENT.length)).map((line) => ({ text: `${INDENT}${line}`, passes })),
  );
}

function paintedLine(
  pieces: readonly WhyPiece[],
  paints: Readonly<Record<WhyPaint, (text: string) => string>>,
): string {
  return pieces.map(({ text, paint }) => (text.trim() === '' ? text : paints[paint](text))).join('');
}

function paintsOf(style: Style): Readonly<Record<WhyPaint, (text: string) => string>> {
  const same = (text: string) => text;
  return {
    read: (text) => style.bold(style.red(text)),
    write: (text) => style.bold(style.yellow(text)),
    mark: style.red,
    plain: same,
    quiet: style.dim,
    heading: style.bold,
    error: style.red,
    bar: style.yellow,
  };
}
