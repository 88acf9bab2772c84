/** A line chart of a metric over the run. */
import asciichart from 'asciichart';
import { Text } from 'ink';
import { formatCompact } from '../../format.ts';
import { alignRight, textWidth } from '../../safe-text.ts';

export interface ChartProps {
  /** Oldest first, one a column; more than fit are cut at the left. */
  values: readonly number[];
  /** Inner size in columns and rows. */
  width: number;
  height: number;
  color: string;
}

export function Chart({ values, width, height, color }: ChartProps) {
  const lines = chartLines(values, width, height);
  if (lines === null) return <Text dimColor>no snapshot yet</Text>;
  return lines.map(({ label, line }, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row is its index.
    <Text key={row} wrap="truncate">
      <Text dimColor>{label}</Text>
      <Text color={color}>{line}</Text>
    </Text>
  ));
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
  const labels = Math.max(3, ...rowValues(range, height).map((value) => textWidth(label(value))));
  const points = finite.slice(-Math.max(2, width - labels - 2));
  // The library leaves nothing to rounding when the lowest value is 0, so it draws the shifted series.
  const plotted = asciichart.plot(
    points.map((value) => value - range.low),
    {
      min: 0,
      max: range.high - range.low,
      height: height - 1,
      format: (value) => alignRight(label(value + range.low), labels),
    },
  );
  return plotted.split('\n').map((line) => ({ label: line.slice(0, labels), line: line.slice(labels) }));
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
