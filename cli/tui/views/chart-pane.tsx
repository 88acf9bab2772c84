/** One metric of the run as a chart. */
import type { ChartStyle } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { timeTicks } from '../../run/time-axis.ts';
import {
  type Point,
  placeInSample,
  ratesOf,
  samplePoints,
  type Timeline,
  valuesOf,
} from '../../run/timeline.ts';
import { textWidth } from '../../terminal/columns.ts';
import { chart, type PlotArea, plotArea, valuesPerColumn } from '../components/chart.ts';
import { type FootMark, framed, innerSize } from '../components/frame.ts';
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
  style: ChartStyle;
  /** Said while there is no snapshot. */
  empty: string;
}

/** Share of the chart over which a rate is taken, so that single events do not make a comb of it. */
const RATE_WINDOW = 1 / 12;

export const ChartPane = pane<ChartPaneProps>('ChartPane', (props, { width, height }) => {
  const { metric, color, timeline, value, at, isRate, style } = props;
  const inner = innerSize(width, height);
  const told = (points: readonly Point[]) =>
    isRate ? ratesOf(points, metric, RATE_WINDOW) : valuesOf(points, metric);
  const place = { ...inner, style };
  const { columns } = plotArea(told(timeline.points), place);
  const points = samplePoints(timeline, columns * valuesPerColumn(style));
  const values = told(points);
  const lines = chart({
    ...place,
    values,
    color,
    empty: props.empty,
    ...(at === null || points.length === 0 ? {} : { cursor: placeInSample(timeline, at, points.length) }),
  });
  const newest = isRate ? values.at(-1) : value;
  const aside =
    value === undefined || newest === undefined || Number.isNaN(newest)
      ? ''
      : formatNumber(Math.round(newest * 10) / 10);
  return framed(
    {
      title: titleFor(props.title, aside, width),
      aside,
      footMarks: timeMarks(timeline.last?.virtualMs ?? 0, plotArea(values, place)),
      width,
      height,
    },
    lines,
  );
});

/** Columns from one time at the axis to the next, at least. */
const TICK_COLUMNS = 7;

/** Round times under the curve, each in the middle below its column; the last that has room for it says of which clock. */
function timeMarks(untilMs: number, { from, columns }: PlotArea): FootMark[] {
  const marks: FootMark[] = [];
  const edge = from + columns;
  let free = 0;
  for (const { ms, text } of timeTicks(untilMs, (untilMs * TICK_COLUMNS) / columns)) {
    const place = from + Math.round((ms / untilMs) * (columns - 1));
    const column = Math.max(free, place - 1 - Math.floor(textWidth(text) / 2));
    if (column + textWidth(text) + 2 > edge) break;
    marks.push({ column, text: ` ${text} ` });
    free = column + textWidth(text) + 2;
  }
  return withClock(marks, edge);
}

function withClock(marks: readonly FootMark[], edge: number): FootMark[] {
  const text = (mark: FootMark) => `${mark.text}virtual `;
  const at = marks.findLastIndex(
    (mark, i) => i > 0 && mark.column + textWidth(text(mark)) <= (marks[i + 1]?.column ?? edge),
  );
  return marks.map((mark, i) => (i === at ? { ...mark, text: text(mark) } : mark));
}

/** What stands in brackets gives way to the value. */
function titleFor(title: string, aside: string, width: number): string {
  const fits = textWidth(title) + textWidth(aside) + 9 <= width;
  return fits ? title : title.replace(/ \(.*\)$/, '');
}
