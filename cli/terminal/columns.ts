/** Text for terminals: measured in columns, cut, padded and wrapped. */
import stringWidth from 'string-width';

/** Letters, and the box, block and braille characters that SimCity draws with: one code unit, one column each. */
const SINGLE = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u00ff●○…♥✔✖◆◇▸▾▲△→←↑↓\u2500-\u259f\u2800-\u28ff]*$/;

/** True for text of which every code unit takes exactly one column. */
export function isSingleColumn(text: string): boolean {
  return SINGLE.test(text);
}

/** How many columns `text` takes on a terminal. */
export function textWidth(text: string): number {
  return SINGLE.test(text) ? text.length : stringWidth(text);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** `text` cut to at most `width` columns, by grapheme, with `…` where something was cut off. */
export function truncate(text: string, width: number): string {
  if (width <= 0) return '';
  if (textWidth(text) <= width) return text;
  if (SINGLE.test(text)) return `${text.slice(0, width - 1)}…`;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const columns = textWidth(segment);
    if (used + columns > width - 1) break;
    kept += segment;
    used += columns;
  }
  return `${kept}…`;
}

/** `text` cut or padded on the right to exactly `width` columns. */
export function alignLeft(text: string, width: number): string {
  const cut = truncate(text, width);
  return cut + ' '.repeat(Math.max(0, width - textWidth(cut)));
}

/** `text` cut or padded on the left to exactly `width` columns. */
export function alignRight(text: string, width: number): string {
  const cut = truncate(text, width);
  return ' '.repeat(Math.max(0, width - textWidth(cut))) + cut;
}

/** `text` broken into lines of at most `width` columns, at spaces where there are some. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const candidate = line === '' ? word : `${line} ${word}`;
    if (textWidth(candidate) <= width) {
      line = candidate;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (textWidth(line) > width) {
      const head = takeColumns(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  lines.push(line);
  return lines;
}

function takeColumns(text: string, width: number): string {
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const columns = textWidth(segment);
    if (kept !== '' && used + columns > width) break;
    kept += segment;
    used += columns;
  }
  return kept;
}
