/** One metric of the run as a chart, with the faults along its time axis. */
import { formatCompact, formatNumber } from '../../format.ts';
import { chart, chartCapacity } from '../components/chart.ts';
import { framed, innerSize } from '../components/frame.ts';
import { densities } from '../components/sparkline.ts';
import { pane } from '../paint/pane.tsx';
import type { ChartMetric } from '../state/state.ts';
import { risesOf, samplePoints, type Timeline, valuesOf } from '../state/timeline.ts';
import { CHART_COLOR } from '../theme.ts';

interface ChartPaneProps {
  metric: ChartMetric;
  timeline: Timeline;
  /** At the right of the title. */
  value: number | undefined;
  /** The event through which a line is drawn; null: none. */
  at: number | null;
  /** The event at which the run failed; null: none. */
  failedAt: number | null;
}

const CHART_TITLE: Record<ChartMetric, string> = {
  bookings: 'Bookings (active)',
  cancellations: 'Cancellations',
  slots_available: 'Slots available',
};
/** From this height on the strip of faults leaves enough of the curve. */
const WITH_STRIP = 7;

export const ChartPane = pane<ChartPaneProps>('ChartPane', (props, { width, height }) => {
  const { metric, timeline, value, at, failedAt } = props;
  const inner = innerSize(width, height);
  const hasStrip = inner.height >= WITH_STRIP - 2;
  const curve = inner.height - (hasStrip ? 1 : 0);
  const capacity = chartCapacity(valuesOf(timeline.points, metric), inner.width, curve);
  const points = samplePoints(timeline, capacity);
  const cursor = at === null ? -1 : points.findLastIndex(({ index }) => index <= at);
  const newest = timeline.last?.index ?? 0;
  const lines = chart({
    values: valuesOf(points, metric),
    width: inner.width,
    height: inner.height,
    color: CHART_COLOR[metric],
    ...(cursor < 0 ? {} : { cursor }),
    ...(hasStrip ? { strip: strip(points, failedAt) } : {}),
  });
  return framed(
    {
      title: CHART_TITLE[metric],
      aside: value === undefined ? '' : formatNumber(value),
      footLeft: hasStrip ? '▁▃█ faults' : '',
      footRight: timeline.last === null ? '' : `0 to ${formatCompact(newest)}`,
      width,
      height,
    },
    lines,
  );
});

/** How many faults struck up to each column, and where the run failed. */
function strip(
  points: readonly { index: number; metrics: Readonly<Record<string, number>> }[],
  failedAt: number | null,
) {
  const bars = [...densities(risesOf(points, 'faults'))];
  const failed = failedAt === null ? -1 : points.findIndex(({ index }) => index >= failedAt);
  return bars.map((text, i) =>
    i === failed
      ? { text: '✖', style: { color: 'redBright', bold: true } as const }
      : { text, style: { color: 'red', dim: true } as const },
  );
}
