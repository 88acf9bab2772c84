/** One metric over the run's events, drawn by uPlot, with the faults along its axis. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { formatCompact, formatNumber } from '../../run/format.ts';
import { type Point, risesOf, type Timeline, valuesOf } from '../../run/timeline.ts';

interface ChartProps {
  title: string;
  metric: string;
  /** 1 to 3. */
  color: number;
  timeline: Timeline;
  /** The value at the title; undefined while there is none. */
  value: number | undefined;
  /** The event through which a line is drawn; null: none. */
  at: number | null;
  /** The event at which the run failed; null: none. */
  failedAt: number | null;
  /** Called with the event that was clicked at. */
  onPick: (index: number) => void;
}

/** What the drawing needs beside the points; read at each draw, so that uPlot is made only once. */
interface Marks {
  at: number | null;
  failedAt: number | null;
  faults: readonly number[];
  onPick: (index: number) => void;
}

export function Chart(props: ChartProps) {
  const { title, metric, color, timeline, value, at, failedAt, onPick } = props;
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marks = useRef<Marks>({ at, failedAt, faults: [], onPick });

  useEffect(() => {
    if (place.current === null) return;
    const own = draw(place.current, color, marks, readout);
    plot.current = own;
    const resized = new ResizeObserver(([entry]) => {
      if (entry)
        own.setSize({
          width: Math.floor(entry.contentRect.width),
          height: Math.floor(entry.contentRect.height),
        });
    });
    resized.observe(place.current);
    return () => {
      resized.disconnect();
      own.destroy();
      plot.current = null;
    };
  }, [color]);

  useEffect(() => {
    const points = allPoints(timeline);
    marks.current = { at, failedAt, onPick, faults: risesOf(points, 'faults') };
    const values = valuesOf(points, metric).map((each) => (Number.isNaN(each) ? null : each));
    plot.current?.setData([points.map(({ index }) => index), values]);
  }, [timeline, metric, at, failedAt, onPick]);

  return (
    <figure class={`panel chart chart-${color}`}>
      <figcaption class="panel-head">
        <h2>{title}</h2>
        <span class="chart-readout" ref={readout} aria-hidden="true" />
        <span class="chart-value">{value === undefined ? '' : formatNumber(value)}</span>
      </figcaption>
      <div class="chart-place" ref={place} role="img" aria-label={spoken(title, timeline, metric)} />
    </figure>
  );
}

/** As many as are kept, which is no more than a screen has columns. */
function allPoints({ points, last }: Timeline): readonly Point[] {
  return last === null || points.at(-1)?.index === last.index ? points : [...points, last];
}

/** The course of the metric in a sentence. */
function spoken(title: string, timeline: Timeline, metric: string): string {
  const values = valuesOf(timeline.points, metric).filter(Number.isFinite);
  const last = timeline.last?.metrics[metric];
  if (values.length === 0 || last === undefined) return `${title}: nothing yet`;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const newest = formatNumber(timeline.last?.index ?? 0);
  return `${title} over events 0 to ${newest}: lowest ${formatNumber(low)}, highest ${formatNumber(high)}, at last ${formatNumber(last)}`;
}

function draw(
  place: HTMLElement,
  color: number,
  marks: { current: Marks },
  readout: { current: HTMLElement | null },
): uPlot {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: token('--text-dim'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map(formatCompact),
  };
  return new uPlot(
    {
      width: place.clientWidth || 300,
      height: place.clientHeight || 140,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 6 } },
      scales: { x: { time: false }, y: { range: (_u, _low, high) => [0, Math.max(1, high * 1.08)] } },
      axes: [
        { ...axis, size: 24, space: 70 },
        { ...axis, size: 44, space: 28 },
      ],
      series: [
        {},
        {
          stroke: token(`--chart-${color}`),
          fill: token(`--chart-${color}-fill`),
          width: 2,
          points: { show: false },
        },
      ],
      hooks: {
        draw: [
          (u) => drawFaults(u, marks.current, token('--fault')),
          (u) => drawLine(u, marks.current.failedAt, token('--fail')),
          (u) => drawLine(u, marks.current.at, token('--accent')),
        ],
        setCursor: [(u) => tell(u, readout.current)],
        ready: [(u) => u.over.addEventListener('click', () => pick(u, marks.current))],
      },
    },
    [[], []],
    place,
  );
}

function drawFaults(u: uPlot, { faults }: Marks, color: string): void {
  const most = Math.max(1, ...faults);
  const tall = u.bbox.height * 0.09;
  const bottom = u.bbox.top + u.bbox.height;
  u.ctx.fillStyle = color;
  for (const [i, rise] of faults.entries()) {
    const index = u.data[0][i];
    if (rise === 0 || index === undefined) continue;
    const height = Math.max(2, (rise / most) * tall);
    u.ctx.fillRect(u.valToPos(index, 'x', true) - 1, bottom - height, 2, height);
  }
}

function drawLine(u: uPlot, index: number | null, color: string): void {
  if (index === null || (u.data[0]?.length ?? 0) < 2) return;
  const x = Math.round(u.valToPos(index, 'x', true));
  u.ctx.fillStyle = color;
  u.ctx.fillRect(x - 1, u.bbox.top, 2 * Math.max(1, devicePixelRatio), u.bbox.height);
}

function tell(u: uPlot, readout: HTMLElement | null): void {
  if (readout === null) return;
  const place = u.cursor.idx;
  const value = place === null || place === undefined ? null : u.data[1]?.[place];
  readout.textContent =
    place === null || place === undefined || value === null || value === undefined
      ? ''
      : `${formatNumber(value)} at event ${formatNumber(u.data[0][place] ?? 0)}`;
}

function pick(u: uPlot, { onPick }: Marks): void {
  const left = u.cursor.left ?? -1;
  if (left >= 0 && u.data[0].length > 1) onPick(Math.max(0, Math.round(u.posToVal(left, 'x'))));
}
