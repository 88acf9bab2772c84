/** The operations on an object as bars over time: those that carry the failure, the others folded, and how full the object was above them. */
import type { Forensic, Why } from '../../server/contract/index.ts';
import { describeAnswer } from '../run/describe-answer.ts';
import { formatClock, formatNumber } from '../run/format.ts';
import { type HistoryInterval, type Occupancy, objectHistory } from '../run/object-history.ts';
import { safeText } from '../run/sanitize.ts';
import { alignLeft, textWidth, truncate } from '../terminal/columns.ts';
import { type IntervalColumns, type IntervalRow, intervalColumns, intervalPieces } from './intervals.ts';
import { type Paint, type Pieces, piece } from './pieces.ts';

/** Rows that are drawn; those before are told by their number. */
const MOST_ROWS = 24;
const MOST_ROWS_UNFOLDED = 500;
const MOST_ANSWER = 24;

export interface HistoryLinesOptions {
  unfolded?: boolean;
  /** What unfolds, after the first fold: `e expands`; empty: nothing does. */
  hint?: string;
}

/** `why`: where it is known, its requests carry the failure too, and are named by their lanes. */
export function historyLines(
  bundle: Forensic,
  why: Why | null,
  width: number,
  { unfolded = false, hint = '' }: HistoryLinesOptions = {},
): Pieces[] {
  const { rows, occupancy } = objectHistory(bundle, why, { unfolded });
  const kept = rows.slice(unfolded ? -MOST_ROWS_UNFOLDED : -MOST_ROWS);
  const left = rows
    .slice(0, rows.length - kept.length)
    .reduce((sum, row) => sum + (row.row === 'fold' ? row.operations.length : 1), 0);
  const shown = kept.flatMap((row) => (row.row === 'interval' ? [row] : []));
  const drawn = new Map(shown.map((row) => [row, drawnRow(row, bundle.object)]));
  const seats = seatsWords(occupancy);
  const columns = intervalColumns([...drawn.values()], width, 'time', textWidth(seats));
  const first = kept.find(({ row }) => row === 'fold');
  return [
    ...axisLine(shown, columns),
    ...occupancyLine(occupancy, seats, columns),
    ...(left > 0 ? [[piece(`     ${formatNumber(left)} earlier left out`, 'quiet')]] : []),
    ...kept.map((row): Pieces => {
      if (row.row === 'interval') return intervalPieces(drawn.get(row) as IntervalRow, columns);
      return [piece(`     ${row.words}${row === first && hint !== '' ? `, ${hint}` : ''}`, 'quiet')];
    }),
  ];
}

function drawnRow({ interval, role, lane, link, call }: HistoryInterval, object: string | null): IntervalRow {
  const { actor, operation, outcome, answer, invokedMs, completedMs } = interval;
  // The object stands above all of them.
  const words = object === null ? call : call.split(' ').filter((word) => word !== safeText(object));
  const asked = Array.isArray(words) ? words.join(' ') : words;
  const told = outcome === 'pending' ? '' : describeAnswer(answer, object, shortened);
  const beside = [lane === null ? '' : `lane ${lane}`, link].filter(Boolean).join(', ');
  return {
    label: `${String(operation).padStart(4)} ${safeText(actor)} ${asked}`,
    outcome,
    answer: [told, beside === '' ? '' : `◀ ${beside}`].filter(Boolean).join(' '),
    from: invokedMs,
    to: completedMs,
    isCulprit: role === 'accused',
  };
}

function shortened(json: string): string {
  return truncate(json, MOST_ANSWER);
}

/** The clock over the bars, at both ends and in the middle. */
function axisLine(shown: readonly HistoryInterval[], { labels, bars }: IntervalColumns): Pieces[] {
  const moments = shown.flatMap(({ interval: { invokedMs, completedMs } }) =>
    completedMs === null ? [invokedMs] : [invokedMs, completedMs],
  );
  if (moments.length === 0) return [];
  const from = Math.min(...moments);
  const to = Math.max(...moments);
  const texts = [from, (from + to) / 2, to].map((ms) => formatClock(ms, 3));
  const [start = '', middle = '', end = ''] = texts;
  const gaps = bars - texts.reduce((sum, text) => sum + textWidth(text), 0);
  const told =
    gaps < 4
      ? [start, ' '.repeat(Math.max(1, bars - textWidth(start) - textWidth(end))), end]
      : [start, ' '.repeat(Math.floor(gaps / 2)), middle, ' '.repeat(Math.ceil(gaps / 2)), end];
  return [[piece(`${' '.repeat(labels)}  ${told.join('')}`, 'quiet')]];
}

/** More than this does not fit in one column as a digit. */
const MOST_DIGIT = 9;
const BLOCKS = '▁▂▃▄▅▆▇█';

/** How many held the object at each moment, over the bars; what is over its capacity in the colour of an error. */
function occupancyLine(
  { points, capacity }: Occupancy,
  seats: string,
  { labels, bars, columnOf }: IntervalColumns,
): Pieces[] {
  if (points.length === 0) return [];
  const most = Math.max(...points.map(({ taken }) => taken));
  const paintOf = (taken: number): Paint => (capacity !== null && taken > capacity ? 'blamed' : 'quiet');
  const steps = points.map(({ ms, taken }) => ({
    taken,
    column: Math.max(0, Math.min(bars - 1, columnOf(ms))),
  }));
  const cells = Array.from({ length: bars }, (_, at) => {
    const taken = steps.findLast(({ column }) => column <= at)?.taken ?? 0;
    return piece(cellOf(taken, most), paintOf(taken));
  });
  const label = `     taken${capacity === null ? '' : ` of ${formatNumber(capacity)}`}`;
  return [[piece(`${alignLeft(label, labels)}  `, 'quiet'), ...cells, piece(`  ${seats}`, paintOf(most))]];
}

/** `2 of 1 seat`: the most that were taken; empty: none was. */
function seatsWords({ points, capacity }: Occupancy): string {
  const last = points.at(-1);
  if (last === undefined) return '';
  if (capacity === null) return `${formatNumber(last.taken)} at the end`;
  const most = Math.max(...points.map(({ taken }) => taken));
  return `${formatNumber(most)} of ${formatNumber(capacity)} ${capacity === 1 ? 'seat' : 'seats'}`;
}

/** A digit where all are small, else a block as high as its share of the most. */
function cellOf(taken: number, most: number): string {
  if (most <= MOST_DIGIT) return String(Math.max(0, taken));
  return taken <= 0 ? ' ' : (BLOCKS[Math.ceil((taken / most) * BLOCKS.length) - 1] ?? '█');
}
