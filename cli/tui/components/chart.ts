/** A line chart of a metric over the run, the newest on the right, with a few round ticks and a mark at a place. */
import asciichart from 'asciichart';
import { formatCompact } from '../../run/format.ts';
import { type RoundScale, roundScale } from '../../run/round-scale.ts';
import { alignRight, textWidth } from '../../terminal/columns.ts';
import { DIM, type Line, type Style, span } from '../paint/line.ts';

export interface ChartProps {
  /** Oldest first, one a column; more than fit are cut at the left. */
  values: readonly number[];
  /** Inner size in columns and rows. */
  width: number;
  height: number;
  color: Style['color'];
  /** Position in `values` through which a line is drawn. */
  cursor?: number;
  /** Said while there is nothing to draw. */
  empty?: string;
}

/** How many values fit beside the labels that `values` need. */
export function chartCapacity(values: readonly number[], width: number, height: number): number {
  return Math.max(2, width - labelWidth(scaleOf(values.filter(Number.isFinite), height)) - 1);
}

function labelWidth({ ticks, step }: RoundScale): number {
  return Math.max(3, ...ticks.map((value) => textWidth(labelText(value, step))));
}

export function chart(props: ChartProps): Line[] {
  const { values, width, height, color, cursor } = props;
  const rows = chartLines(values, width, height);
  if (rows === null) return [[span(props.empty ?? 'no snapshot yet', DIM)]];
  return rows.map(({ label, line }) => [
    span(label, DIM),
    ...cursorLine(line, cursor === undefined ? undefined : cursor + 1, color),
  ]);
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
  const scale = scaleOf(finite, height);
  const labels = labelWidth(scale);
  const points = values.slice(-Math.max(2, width - labels - 1));
  const first = finite[0] ?? 0;
  let known = first;
  // The library leaves nothing to rounding when the lowest value is 0, so it draws the shifted series.
  const shifted = points.map((value) => {
    if (Number.isFinite(value)) known = value;
    return known - scale.low;
  });
  const named = tickRows(scale, height);
  const plotted = asciichart.plot(shifted, {
    min: 0,
    max: scale.high - scale.low,
    height: height - 1,
    format: () => ' '.repeat(labels),
  });
  return plotted.split('\n').map((row, i) => {
    const tick = named.get(i);
    const label = tick === undefined ? ' '.repeat(labels) : alignRight(labelText(tick, scale.step), labels);
    const line = row.slice(labels).trimEnd();
    // A row without a number has no tick on the axis either.
    return { label, line: tick === undefined ? line.replace(/^ ┤/, ' │') : line };
  });
}

/** Ticks at most; fewer where there are not rows enough to tell them apart. */
const MOST_TICKS = 4;

/** The scale of the values in so many rows. */
function scaleOf(values: readonly number[], height: number): RoundScale {
  // Values on both sides of 0 take two steps, however few rows there are.
  const isSplit = values.some((value) => value < 0) && values.some((value) => value > 0);
  return roundScale(values, Math.max(isSplit ? 2 : 1, Math.min(MOST_TICKS, height) - 1));
}

/** Which row, from the top, carries which tick. */
function tickRows({ low, high, ticks }: RoundScale, height: number): Map<number, number> {
  const rows = height - 1;
  return new Map(ticks.map((tick) => [rows - Math.round(((tick - low) / (high - low)) * rows), tick]));
}

/** As many places as the step needs. */
function labelText(value: number, step: number): string {
  return formatCompact(step >= 1 ? Math.round(value) : Number(value.toPrecision(6)));
}
