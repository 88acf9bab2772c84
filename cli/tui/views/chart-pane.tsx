/** One metric of the run as a chart. */
import { formatNumber, formatSeconds } from '../../run/format.ts';
import {
  type Point,
  placeInSample,
  ratesOf,
  samplePoints,
  type Timeline,
  valuesOf,
} from '../../run/timeline.ts';
import { textWidth } from '../../terminal/columns.ts';
import { chart, chartCapacity } from '../components/chart.ts';
import { framed, innerSize } from '../components/frame.ts';
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
  /** A counter is drawn as how fast it rises. */
  isRate: boolean;
  /** Virtual time of the newest event, in ms; null: not known. */
  untilMs: number | null;
  /** Said while there is no snapshot. */
  empty: string;
}

/** Share of the chart over which a rate is taken, so that single events do not make a comb of it. */
const RATE_WINDOW = 1 / 12;

export const ChartPane = pane<ChartPaneProps>('ChartPane', (props, { width, height }) => {
  const { metric, color, timeline, value, at, isRate, untilMs } = props;
  const inner = innerSize(width, height);
  const told = (points: readonly Point[]) =>
    isRate ? ratesOf(points, metric, RATE_WINDOW) : valuesOf(points, metric);
  const capacity = chartCapacity(told(timeline.points), inner.width, inner.height);
  const points = samplePoints(timeline, capacity);
  const lines = chart({
    values: told(points),
    width: inner.width,
    height: inner.height,
    color,
    empty: props.empty,
    ...(at === null || points.length === 0 ? {} : { cursor: placeInSample(timeline, at, points.length) }),
  });
  const newest = isRate ? told(points).at(-1) : value;
  const aside =
    value === undefined || newest === undefined || Number.isNaN(newest)
      ? ''
      : formatNumber(Math.round(newest * 10) / 10);
  return framed(
    {
      title: titleFor(props.title, aside, width),
      aside,
      footRight: untilMs === null ? '' : untilText(untilMs, width),
      width,
      height,
    },
    lines,
  );
});

/** `0 to 7.43 s virtual`, or without the last word where there is no room for it. */
function untilText(ms: number, width: number): string {
  const until = `0 to ${formatSeconds(ms / 1_000)}`;
  const whole = `${until} virtual`;
  return textWidth(whole) + 6 <= width ? whole : until;
}

/** What stands in brackets gives way to the value. */
function titleFor(title: string, aside: string, width: number): string {
  const fits = textWidth(title) + textWidth(aside) + 9 <= width;
  return fits ? title : title.replace(/ \(.*\)$/, '');
}
