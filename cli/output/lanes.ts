/** Draws what went over the wire as lanes: one for each request, in the order in which it happened, from top to bottom. */
import type { WireLine } from '../../server/contract/index.ts';
import { safeText } from '../run/sanitize.ts';
import { alignLeft, truncate, wrap } from '../terminal/columns.ts';
import type { Style } from './style.ts';

/** Columns of all lanes together. */
const WIDTH = 116;
/** A lane is no narrower: with more requests than fit, they stand below each other, with their numbers. */
const LEAST_LANE = 34;
const GAP = '  ';
/** Values and rows take no more columns. */
const MOST_VALUES = 100;
/** Lines of one statement, at most. */
const MOST_LINES = 4;

/** Text of foreign origin is made safe here. */
export function laneLines(lines: readonly WireLine[], style: Style, width = WIDTH): string[] {
  const owners = [...new Set(lines.map(({ owner }) => owner))];
  const lane = Math.floor((width - GAP.length * (owners.length - 1)) / owners.length);
  return lane >= LEAST_LANE ? beside(lines, owners, lane, style) : below(lines, width, style);
}

function beside(
  lines: readonly WireLine[],
  owners: readonly WireLine['owner'][],
  lane: number,
  style: Style,
): string[] {
  const rule = '─'.repeat(lane);
  const drawn = lines.flatMap((line) => {
    const before = owners.slice(0, owners.indexOf(line.owner)).map(() => ' '.repeat(lane));
    return wordsOf(line, lane).map((text) => [...before, paint(text, line, style)].join(GAP));
  });
  const heading = owners.map((owner) => alignLeft(nameOf(owner), lane)).join(GAP);
  return [heading.trimEnd(), owners.map(() => rule).join(GAP), ...drawn];
}

function below(lines: readonly WireLine[], width: number, style: Style): string[] {
  return lines.flatMap((line) => {
    const name = alignLeft(nameOf(line.owner), 12);
    return wordsOf(line, width - name.length - 1).map(
      (text, i) => `${i === 0 ? name : ' '.repeat(name.length)} ${paint(text, line, style)}`,
    );
  });
}

function nameOf(owner: WireLine['owner']): string {
  return owner === 'background' ? 'service' : `request ${owner}`;
}

/** The line as text, broken to the width; what is longer than a few lines ends with an ellipsis. */
function wordsOf({ kind, text, values }: WireLine, width: number): string[] {
  // How many rows came is told by the rows.
  const said = kind === 'rows' ? text.replace(/ \(\d+\)$/, '') : text;
  const told = values === '' ? '' : ` [${truncate(safeText(values), MOST_VALUES)}]`;
  const all = wrap(`${MARKS[kind]}${safeText(said)}${told}`, width);
  if (all.length <= MOST_LINES) return all;
  return [...all.slice(0, MOST_LINES - 1), truncate(`${all[MOST_LINES - 1]}…${' '.repeat(width)}`, width)];
}

const MARKS: Readonly<Record<WireLine['kind'], string>> = {
  request: '→ ',
  statement: '',
  rows: '',
  lock: '⧗ ',
  answer: '← ',
  notification: '! ',
  quiet: '',
};

function paint(text: string, { kind }: WireLine, style: Style): string {
  if (kind === 'request' || kind === 'answer') return style.bold(text);
  if (kind === 'rows') return style.dim(text);
  return kind === 'lock' ? style.yellow(text) : text;
}
