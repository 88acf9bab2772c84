/** Operations as intervals over time, one a row: which came before which, and which overlapped. */
import { alignLeft, textWidth, truncate } from '../terminal/columns.ts';
import { type Paint, type Piece, type Pieces, piece } from './pieces.ts';

export interface IntervalRow {
  /** Safe to print. */
  label: string;
  outcome: 'ok' | 'refused' | 'unknown' | 'pending';
  /** Safe to print. */
  answer: string;
  /** Event indexes, or milliseconds; `to` null: it had no end yet. */
  from: number;
  to: number | null;
  /** True for the one that broke it. */
  isCulprit: boolean;
}

/** Columns of an interval diagram: the labels, the bars, and the answers. */
export interface IntervalColumns {
  readonly labels: number;
  readonly bars: number;
  readonly answers: number;
  /** Where in the bars a moment is. */
  columnOf(moment: number): number;
}

const PAINT: Record<IntervalRow['outcome'], Paint> = {
  ok: 'good',
  refused: 'refused',
  unknown: 'unknown',
  pending: 'pending',
};

/**
 * How the rows are placed in `width` columns. `order`: time is drawn by its order alone, each beginning and each end has a
 * column of its own, so that what overlapped can be seen however far apart the events are. `time`: as far apart as they were.
 * `leastAnswers`: room for what else stands where the answers are.
 */
export function intervalColumns(
  rows: readonly IntervalRow[],
  width: number,
  scale: 'order' | 'time',
  leastAnswers = 6,
): IntervalColumns {
  const labels = Math.min(Math.max(8, ...rows.map(({ label }) => textWidth(label))), Math.floor(width * 0.4));
  const answers = Math.min(
    Math.max(leastAnswers, ...rows.map((row) => textWidth(answerText(row)))),
    Math.floor(width * (scale === 'time' ? 0.4 : 0.25)),
  );
  const bars = Math.max(8, width - labels - answers - 4);
  const moments = [...new Set(rows.flatMap(({ from, to }) => (to === null ? [from] : [from, to])))].sort(
    (a, b) => a - b,
  );
  const first = moments[0] ?? 0;
  const length = (moments.at(-1) ?? first) - first;
  // The last column is kept for what goes on.
  const columnOf = (moment: number) =>
    scale === 'order'
      ? Math.round((moments.indexOf(moment) * (bars - 2)) / Math.max(1, moments.length - 1))
      : Math.max(0, Math.min(bars - 2, Math.round(((moment - first) * (bars - 2)) / (length || 1))));
  return { labels, bars, answers, columnOf };
}

export function intervalPieces(
  row: IntervalRow,
  { labels, bars, answers, columnOf }: IntervalColumns,
): Pieces {
  return [
    piece(`${alignLeft(row.label, labels)}  `, row.isCulprit ? 'heading' : 'plain'),
    ...barOf(row, columnOf(row.from), row.to === null ? bars : columnOf(row.to), bars),
    piece(`  ${truncate(answerText(row), answers)}`, row.isCulprit ? 'blamed' : PAINT[row.outcome]),
  ];
}

/** A line a row, by order alone. */
export function intervalLines(rows: readonly IntervalRow[], width: number): Pieces[] {
  const columns = intervalColumns(rows, width, 'order');
  return rows.map((row) => intervalPieces(row, columns));
}

function answerText({ outcome, answer, isCulprit }: IntervalRow): string {
  const said = answer === '' ? outcome : `${outcome} ${answer}`;
  return isCulprit ? `✖ ${said}` : said;
}

function barOf({ outcome, to, isCulprit }: IntervalRow, from: number, until: number, room: number): Piece[] {
  const paint = isCulprit ? 'blamed' : PAINT[outcome];
  const isOpen = to === null || outcome === 'unknown';
  const end = isCulprit ? '✖' : outcome === 'unknown' ? '┄' : to === null ? '▸' : '┤';
  const last = outcome === 'unknown' && !isCulprit ? room : Math.min(room, until + 1);
  const line = (isOpen ? '┄' : '─').repeat(Math.max(0, last - from - 2));
  const bar = last - from < 2 ? (isCulprit ? '✖' : '│') : `├${line}${end}`;
  const after = Math.max(0, room - from - bar.length);
  return [piece('·'.repeat(from), 'quiet'), piece(bar, paint), piece('·'.repeat(after), 'quiet')];
}
