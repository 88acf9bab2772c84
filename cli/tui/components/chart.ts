/** A line chart of a metric over the run, the newest on the right, with a mark at a place and a strip below. */
import asciichart from 'asciichart';
import { formatCompact } from '../../run/format.ts';
import { alignRight, textWidth } from '../../terminal/columns.ts';
import { DIM, type Line, type Style, span } from '../paint/line.ts';

export interface ChartProps {
  /** Oldest first, one a column; more than fit are cut at the left. */
  values: readonly number[];
  /** Inner size in columns and rows. */
  width: number;
  height: number;
  color: Style['color'];
  /** A mark for each column, in the row below; no row without. */
  strip?: readonly { text: string; style: Style }[];
  /** Position in `values` through which a line is drawn. */
  cursor?: number;
  /** Said while there is nothing to draw. */
  empty?: string;
}

/** How many values fit beside the labels that `values` need. */
export function chartCapacity(values: readonly number[], width: number, height: number): number {
  return Math.max(2, width - labelWidth(values, height) - 1);
}

function labelWidth(values: readonly number[], height: number): number {
  const range = bounds(values.filter(Number.isFinite), height);
  return Math.max(3, ...rowValues(range, height).map((value) => textWidth(labelText(value, range))));
}

export function chart(props: ChartProps): Line[] {
  const { values, width, height, color, strip, cursor } = props;
  const rows = chartLines(values, width, height - (strip === undefined ? 0 : 1));
  if (rows === null) return [[span(props.empty ?? 'no snapshot yet', DIM)]];
  const labels = rows[0]?.label.length ?? 0;
  const lines: Line[] = rows.map(({ label, line }) => [
    span(label, DIM),
    ...cursorLine(line, cursor === undefined ? undefined : cursor + 1, color),
  ]);
  if (strip !== undefined) {
    const fitting = strip.slice(-Math.max(2, width - labels - 1));
    lines.push([span(' '.repeat(labels + 1), DIM), ...fitting.map(({ text, style }) => span(text, style))]);
  }
  return lines;
}

/** The cursor is a vertical line behind the curve. */
function cursorLine(text: string, column: number | undefined, color: Style['color']): Line {
  if (column === undefined) return [span(text, { color })];
  const padded = text.padEnd(column + 1);
  const here = padded[column] ?? ' ';
  return [
    span(padded.slice(0, column), { color }),
    here === ' ' ? span('│', DIM) : span(here, { inverse: true, bold: true }),
    span(padded.slice(column + 1), { color }),
  ];
}

/** The rows of a chart, from the top; null when there is nothing to draw. */
export function chartLines(
  values: readonly number[],
  width: number,
  height: number,
): { label: string; line: string }[] | null {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0 || height < 2) return null;
  const range = bounds(finite, height);
  const label = (value: number) => labelText(value, range);
  const labels = labelWidth(values, height);
  const points = values.slice(-Math.max(2, width - labels - 1));
  const first = finite[0] ?? 0;
  let known = first;
  // The library leaves nothing to rounding when the lowest value is 0, so it draws the shifted series.
  const shifted = points.map((value) => {
    if (Number.isFinite(value)) known = value;
    return known - range.low;
  });
  const plotted = asciichart.plot(shifted, {
    min: 0,
    max: range.high - range.low,
    height: height - 1,
    format: (value) => alignRight(label(value + range.low), labels),
  });
  return plotted
    .split('\n')
    .map((line) => ({ label: line.slice(0, labels), line: line.slice(labels).trimEnd() }));
}

interface Range {
  low: number;
  high: number;
}

/** A range in which every row is a different whole number, when the values are whole and few. */
function bounds(values: readonly number[], height: number): Range {
  const low = values.length === 0 ? 0 : Math.min(...values);
  const high = values.length === 0 ? 1 : Math.max(...values);
  const rows = Math.max(1, height - 1);
  if (high - low >= rows) return { low, high };
  if (!Number.isInteger(low) || !Number.isInteger(high))
    return high > low ? { low, high } : { low, high: low + 1 };
  const start = Math.max(0, low - Math.floor((rows - (high - low)) / 2));
  const from = low < 0 ? low : start;
  return { low: from, high: from + rows };
}

function rowValues({ low, high }: Range, height: number): number[] {
  const rows = Math.max(1, height - 1);
  return Array.from({ length: rows + 1 }, (_, row) => low + ((high - low) * row) / rows);
}

/** Whole numbers wherever a row is at least one apart from the next. */
function labelText(value: number, { low, high }: Range): string {
  return formatCompact(high - low >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
}
