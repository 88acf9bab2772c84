/** A line chart of a metric over the run, the newest on the right, with a few round ticks and a mark at a place. */
import asciichart from 'asciichart';
import type { ChartStyle } from '../../../server/contract/index.ts';
import { formatCompact } from '../../run/format.ts';
import { type RoundScale, roundScale } from '../../run/round-scale.ts';
import { alignRight, textWidth } from '../../terminal/columns.ts';
import { DIM, type Line, type Style, span } from '../paint/line.ts';
import { brailleRows, VALUES_PER_CELL } from './braille.ts';

export interface ChartProps {
  /** Oldest first, one a column, or two in braille; more than fit are cut at the left. */
  values: readonly number[];
  style: ChartStyle;
  /** Inner size in columns and rows. */
  width: number;
  height: number;
  color: Style['color'];
  /** Position in `values` through which a line is drawn. */
  cursor?: number;
  /** Said while there is nothing to draw. */
  empty?: string;
}

/** Where the curve of `values` stands: its first column, and how many columns it may have. */
export function plotArea(
  values: readonly number[],
  { width, height, style }: Pick<ChartProps, 'width' | 'height' | 'style'>,
): PlotArea {
  const from = labelWidth(scaleOf(values.filter(Number.isFinite), height)) + START[style];
  return { from, columns: Math.max(2, width - from) };
}

/** The first value stands so many columns behind the labels: a line begins on the axis, dots beside it. */
const START: Record<ChartStyle, number> = { line: 1, braille: 2 };

export interface PlotArea {
  from: number;
  columns: number;
}

/** How many values a column takes. */
export function valuesPerColumn(style: ChartStyle): number {
  return style === 'braille' ? VALUES_PER_CELL : 1;
}

function labelWidth({ ticks, step }: RoundScale): number {
  return Math.max(3, ...ticks.map((value) => textWidth(labelText(value, step))));
}

export function chart(props: ChartProps): Line[] {
  const { style, width, height, color, cursor } = props;
  const rows = chartLines(props.values, width, height, style);
  if (rows === null) return [[span(props.empty ?? 'no snapshot yet', DIM)]];
  return rows.map(({ label, line }) => [
    span(label, DIM),
    ...cursorLine(
      line,
      cursor === undefined ? undefined : Math.floor(cursor / valuesPerColumn(style)) + START[style],
      color,
    ),
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
  style: ChartStyle = 'line',
): { label: string; line: string }[] | null {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0 || height < 2) return null;
  const scale = scaleOf(finite, height);
  const labels = labelWidth(scale);
  const points = values.slice(-plotArea(values, { width, height, style }).columns * valuesPerColumn(style));
  const first = finite[0] ?? 0;
  let known = first;
  const shifted = points.map((value) => {
    if (Number.isFinite(value)) known = value;
    return known - scale.low;
  });
  const named = tickRows(scale, height);
  const rows = PLOTS[style](shifted, scale.high - scale.low, height);
  return rows.map((row, i) => {
    const tick = named.get(i);
    const label = tick === undefined ? ' '.repeat(labels) : alignRight(labelText(tick, scale.step), labels);
    const line = ` ${row.trimEnd()}`;
    // A row without a number has no tick on the axis either.
    return { label, line: tick === undefined ? line.replace(/^ ┤/, ' │') : line };
  });
}

/** The axis and the curve of values from 0 to `most`, the rows from the top. */
type Plot = (values: readonly number[], most: number, height: number) => string[];

const PLOTS: Record<ChartStyle, Plot> = {
  // The library leaves nothing to rounding when the lowest value is 0.
  line: (values, most, height) =>
    asciichart
      .plot([...values], { min: 0, max: most, height: height - 1, offset: 1, format: () => ' ' })
      .split('\n'),
  braille: (values, most, height) => brailleRows(values, most, height).map((row) => `┤${row}`),
};

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
