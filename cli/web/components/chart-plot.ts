/** Draws one metric on a canvas by uPlot; a chunk of its own, which is loaded with the first chart. */
import uPlot from 'uplot';
import { formatCompact } from '../../run/format.ts';
import { type RoundScale, roundScale } from '../../run/round-scale.ts';
import { type TimeTick, timeTicks } from '../../run/time-axis.ts';

/** What is drawn, and who is told of the pointer. */
export interface ChartPicture {
  /** Virtual times of the points in ms, and the metric at each; null where it is not known. */
  times: readonly number[];
  values: readonly (number | null)[];
  /** What is shown, in ms of virtual time, as everything here. */
  span: TimeSpan;
  /** Where a line is drawn; null: nowhere. */
  at: number | null;
  /** Where the run failed; null: nowhere. */
  failedAt: number | null;
  /** True while a double click means something, so that a click is held back until it is no double one. */
  isZoomed: boolean;
  /** Called with where was clicked. */
  onPick: (ms: number) => void;
  /** Called with what was dragged over; null after a double click. */
  onZoom: (span: TimeSpan | null) => void;
  /** Called with the place among the points that the pointer is nearest to; null: nowhere. */
  onPoint: (place: number | null) => void;
}

export interface TimeSpan {
  fromMs: number;
  toMs: number;
}

export interface Plot {
  draw(picture: ChartPicture): void;
  destroy(): void;
}

/** Charts of this name have one cursor. */
const CURSOR = 'charts';
/** Between the bounds of the values. */
const STEPS = 3;
/** A shorter way is a click by an unsteady hand. */
const LEAST_DRAG_PX = 6;
const DOUBLE_CLICK_MS = 250;
/** Half of a digit of a label. */
const HALF_DIGIT_PX = 3.5;
const PLAIN_FONT = '11px system-ui, sans-serif';

const NOTHING: ChartPicture = {
  times: [],
  values: [],
  span: { fromMs: 0, toMs: 1 },
  at: null,
  failedAt: null,
  isZoomed: false,
  onPick: () => {},
  onZoom: () => {},
  onPoint: () => {},
};

/** @param color 1 to 4 */
export function createPlot(place: HTMLElement, color: number): Plot {
  const shown = { current: NOTHING };
  const plot = new uPlot(optionsOf(place, color, shown), [[], []], place);
  plot.over.addEventListener('click', clickListener(plot, shown));
  const resized = new ResizeObserver(() => plot.setSize(sizeOf(place)));
  resized.observe(place);
  return {
    draw: (picture) => {
      const before = shown.current;
      shown.current = picture;
      if (isSame(before, picture)) return;
      plot.setData([[...picture.times], [...picture.values]]);
    },
    destroy: () => {
      resized.disconnect();
      plot.destroy();
    },
  };
}

function isSame(a: ChartPicture, b: ChartPicture): boolean {
  return (
    a.values === b.values &&
    a.span.fromMs === b.span.fromMs &&
    a.span.toMs === b.span.toMs &&
    a.at === b.at &&
    a.failedAt === b.failedAt
  );
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({
  width: clientWidth || 300,
  height: clientHeight || 140,
});

function optionsOf(place: HTMLElement, color: number, picture: { current: ChartPicture }): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const scale = () => scaleOf(picture.current);
  const axis: uPlot.Axis = {
    stroke: token('--text-dim'),
    font: PLAIN_FONT,
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    ...sizeOf(place),
    // The label of the last tick needs room beyond it.
    padding: [8, () => 4 + lastLabel(picture.current).length * HALF_DIGIT_PX, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      y: false,
      points: { size: 6 },
      // Only where the pointer is, and not its buttons: what was dragged over is told once.
      sync: { key: CURSOR, setSeries: false, filters: { pub: (type) => type === 'mousemove' } },
      bind: { dblclick: () => () => showWhole(picture.current) },
    },
    scales: {
      x: { time: false, range: () => [picture.current.span.fromMs, picture.current.span.toMs] },
      y: { range: () => [scale().low, scale().high] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        splits: () => ticksOf(picture.current).map(({ ms }) => ms),
        values: () => ticksOf(picture.current).map(({ text }) => text),
      },
      {
        ...axis,
        size: 44,
        splits: () => [...scale().ticks],
        values: (_, splits) => splits.map(formatCompact),
      },
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
        (u) => drawLine(u, picture.current, picture.current.failedAt, token('--fail')),
        (u) => drawLine(u, picture.current, picture.current.at, token('--accent')),
      ],
      setCursor: [({ cursor }) => picture.current.onPoint(cursor.idx ?? null)],
      setSelect: [(u) => tellDragged(u, picture.current)],
    },
  };
}

/** Of what is shown, from 0, so that heights can be compared. */
function scaleOf({ times, values, span }: ChartPicture): RoundScale {
  const shown = values.filter((value, i): value is number => {
    const ms = times[i] ?? 0;
    return value !== null && ms >= span.fromMs && ms <= span.toMs;
  });
  return roundScale([0, ...shown], STEPS);
}

/** Round times, few of them. */
function ticksOf({ span: { fromMs, toMs } }: ChartPicture): TimeTick[] {
  return timeTicks(toMs, (toMs - fromMs) / (STEPS + 1), fromMs);
}

function lastLabel(picture: ChartPicture): string {
  return ticksOf(picture).at(-1)?.text ?? '';
}

function drawLine(u: uPlot, { span }: ChartPicture, ms: number | null, color: string): void {
  if (ms === null || u.data[0].length < 2 || ms < span.fromMs || ms > span.toMs) return;
  u.ctx.fillStyle = color;
  const x = Math.round(u.valToPos(ms, 'x', true));
  u.ctx.fillRect(x - 1, u.bbox.top, 2 * Math.max(1, devicePixelRatio), u.bbox.height);
}

/** In the manner of a listener of uPlot, which says what becomes of the event. */
function showWhole({ onZoom }: ChartPicture): null {
  onZoom(null);
  return null;
}

function tellDragged(u: uPlot, { onZoom }: ChartPicture): void {
  const { left, width } = u.select;
  if (width < LEAST_DRAG_PX) return;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom({ fromMs: u.posToVal(left, 'x'), toMs: u.posToVal(left + width, 'x') });
}

function clickListener(u: uPlot, picture: { current: ChartPicture }) {
  let held: ReturnType<typeof setTimeout> | undefined;
  return ({ detail }: MouseEvent) => {
    const { onPick, isZoomed } = picture.current;
    const left = u.cursor.left ?? -1;
    clearTimeout(held);
    if (left < 0 || u.data[0].length < 2 || detail > 1) return;
    const ms = u.posToVal(left, 'x');
    if (isZoomed) held = setTimeout(() => onPick(ms), DOUBLE_CLICK_MS);
    else onPick(ms);
  };
}
