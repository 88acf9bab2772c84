/** One metric of the run as a chart, with the faults along its time axis. */
import { formatCompact, formatNumber } from '../../run/format.ts';
import { placeInSample, risesOf, samplePoints, type Timeline, valuesOf } from '../../run/timeline.ts';
import { textWidth } from '../../terminal/columns.ts';
import { chart, chartCapacity } from '../components/chart.ts';
import { framed, innerSize } from '../components/frame.ts';
import { densities } from '../components/sparkline.ts';
import type { Color } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';

interface ChartPaneProps {
  /** Safe to print. */
  title: string;
  metric: string;
  color: Color;
  timeline: Timeline;
  /** At the right of the title. */
  value: number | undefined;
  /** The event through which a line is drawn; null: none. */
  at: number | null;
  /** The event at which the run failed; null: none. */
  failedAt: number | null;
  /** Said while there is no snapshot. */
  empty: string;
}

/** From this height on the strip of faults leaves enough of the curve. */
const WITH_STRIP = 7;

export const ChartPane = pane<ChartPaneProps>('ChartPane', (props, { width, height }) => {
  const { metric, color, timeline, value, at, failedAt } = props;
  const inner = innerSize(width, height);
  const hasStrip = inner.height >= WITH_STRIP - 2;
  const curve = inner.height - (hasStrip ? 1 : 0);
  const capacity = chartCapacity(valuesOf(timeline.points, metric), inner.width, curve);
  const points = samplePoints(timeline, capacity);
  const newest = timeline.last?.index ?? 0;
  const lines = chart({
    values: valuesOf(points, metric),
    width: inner.width,
    height: inner.height,
    color,
    empty: props.empty,
    ...(at === null || points.length === 0 ? {} : { cursor: placeInSample(timeline, at, points.length) }),
    ...(hasStrip
      ? { strip: strip(points, failedAt === null ? -1 : placeInSample(timeline, failedAt, points.length)) }
      : {}),
  });
  const aside = value === undefined ? '' : formatNumber(value);
  return framed(
    {
      title: titleFor(props.title, aside, width),
      aside,
      footLeft: hasStrip ? '▁▃█ faults' : '',
      footRight: timeline.last === null ? '' : `0 to ${formatCompact(newest)}`,
      width,
      height,
    },
    lines,
  );
});

/** What stands in brackets gives way to the value. */
function titleFor(title: string, aside: string, width: number): string {
  const fits = textWidth(title) + textWidth(aside) + 9 <= width;
  return fits ? title : title.replace(/ \(.*\)$/, '');
}

/** How many faults struck up to each column, and where the run failed. */
function strip(
  points: readonly { index: number; metrics: Readonly<Record<string, number>> }[],
  failed: number,
) {
  const bars = [...densities(risesOf(points, 'faults'))];
  return bars.map((text, i) =>
    i === failed
      ? { text: '✖', style: { color: 'redBright', bold: true } as const }
      : { text, style: { color: 'red', dim: true } as const },
  );
}
