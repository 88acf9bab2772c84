/** Operations as intervals over time, one a row: which came before which, and which overlapped. */
import { alignLeft, textWidth } from '../../terminal/columns.ts';
import { DIM, type Line, PLAIN, type Span, type Style, span } from '../paint/line.ts';

export interface IntervalRow {
  /** Safe to print. */
  label: string;
  outcome: 'ok' | 'refused' | 'unknown' | 'pending';
  /** Safe to print. */
  answer: string;
  /** Event indexes; `to` null: it had no end yet. */
  from: number;
  to: number | null;
  /** True for the one that broke it. */
  isCulprit: boolean;
}

const STYLE: Record<IntervalRow['outcome'], Style> = {
  ok: { color: 'green' },
  refused: { color: 'yellow' },
  unknown: { color: 'magenta' },
  pending: { color: 'cyan' },
};

/**
 * A line a row. Time is drawn by its order alone: each beginning and each end has a column of its own,
 * so that what overlapped can be seen however far apart the events are.
 */
export function intervalLines(rows: readonly IntervalRow[], width: number): Line[] {
  const labels = Math.min(Math.max(8, ...rows.map(({ label }) => textWidth(label))), Math.floor(width * 0.4));
  const answers = Math.min(
    Math.max(6, ...rows.map((row) => textWidth(answerText(row)))),
    Math.floor(width * 0.25),
  );
  const room = Math.max(8, width - labels - answers - 4);
  const moments = [...new Set(rows.flatMap(({ from, to }) => (to === null ? [from] : [from, to])))].sort(
    (a, b) => a - b,
  );
  // The last column is kept for what goes on.
  const columnOf = (index: number) =>
    Math.round((moments.indexOf(index) * (room - 2)) / Math.max(1, moments.length - 1));
  return rows.map((row) => {
    const name: Style = row.isCulprit ? { bold: true } : PLAIN;
    return [
      span(`${alignLeft(row.label, labels)}  `, name),
      ...barOf(row, columnOf(row.from), row.to === null ? room : columnOf(row.to), room),
      span(`  ${answerText(row)}`, row.isCulprit ? { color: 'redBright', bold: true } : STYLE[row.outcome]),
    ];
  });
}

function answerText({ outcome, answer, isCulprit }: IntervalRow): string {
  const said = answer === '' ? outcome : `${outcome} ${answer}`;
  return isCulprit ? `✖ ${said}` : said;
}

function barOf({ outcome, to, isCulprit }: IntervalRow, from: number, until: number, room: number): Span[] {
  const style: Style = isCulprit ? { color: 'redBright', bold: true } : STYLE[outcome];
  const isOpen = to === null || outcome === 'unknown';
  const end = isCulprit ? '✖' : outcome === 'unknown' ? '┄' : to === null ? '▸' : '┤';
  const last = outcome === 'unknown' && !isCulprit ? room : Math.min(room, until + 1);
  const line = (isOpen ? '┄' : '─').repeat(Math.max(0, last - from - 2));
  const bar = last - from < 2 ? (isCulprit ? '✖' : '│') : `├${line}${end}`;
  const after = Math.max(0, room - from - bar.length);
  return [span('·'.repeat(from), DIM), span(bar, style), span('·'.repeat(after), DIM)];
}
