/** Draws one metric on a canvas by uPlot; a chunk of its own, which is loaded with the first chart. */
import uPlot from 'uplot';
import type { ChartRange } from '../../run/chart-range.ts';
import { formatCompact } from '../../run/format.ts';
import { type RoundScale, roundScale, roundStep } from '../../run/round-scale.ts';

/** What is drawn, and who is told of the pointer. */
export interface ChartPicture {
  /** Events of the points, and the metric at each; null where it is not known. */
  indexes: readonly number[];
  values: readonly (number | null)[];
  /** What of the run is shown. */
  range: ChartRange;
  /** The event through which a line is drawn; null: none. */
  at: number | null;
  /** The event at which the run failed; null: none. */
  failedAt: number | null;
  /** True while a double click means something, so that a click is held back until it is no double one. */
  isZoomed: boolean;
  /** Called with the event that was clicked at. */
  onPick: (index: number) => void;
  /** Called with what was dragged over; null after a double click. */
  onZoom: (range: ChartRange | null) => void;
  /** Called with the place among the points that the pointer is nearest to; null: nowhere. */
  onPoint: (place: number | null) => void;
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
  indexes: [],
  values: [],
  range: { from: 0, to: 1 },
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
      plot.setData([[...picture.indexes], [...picture.values]]);
    },
    destroy: () => {
      resized.disconnect();
      plot.destroy();
    },
  };
}

function isSame(a: ChartPicture, b: ChartPicture): boolean {
  return a.values === b.values && a.range === b.range && a.at === b.at && a.failedAt === b.failedAt;
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
    values: (_, splits) => splits.map(formatCompact),
  };
  return {
    ...sizeOf(place),
    // The label of the last event needs room beyond it.
    padding: [8, () => 4 + formatCompact(picture.current.range.to).length * HALF_DIGIT_PX, 0, 0],
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
      x: { time: false, range: () => [picture.current.range.from, picture.current.range.to] },
      y: { range: () => [scale().low, scale().high] },
    },
    axes: [
      { ...axis, size: 24, splits: () => ticksOf(picture.current.range) },
      { ...axis, size: 44, splits: () => [...scale().ticks] },
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
        (u) => drawLine(u, picture.current.failedAt, token('--fail')),
        (u) => drawLine(u, picture.current.at, token('--accent')),
      ],
      setCursor: [({ cursor }) => picture.current.onPoint(cursor.idx ?? null)],
      setSelect: [(u) => tellDragged(u, picture.current)],
    },
  };
}

/** Of what is shown, from 0, so that heights can be compared. */
function scaleOf({ indexes, values, range }: ChartPicture): RoundScale {
  const shown = values.filter((value, i): value is number => {
    const index = indexes[i] ?? 0;
    return value !== null && index >= range.from && index <= range.to;
  });
  return roundScale([0, ...shown], STEPS);
}

/** Round events, three or four of them. */
function ticksOf(range: ChartRange): number[] {
  const step = roundStep((range.to - range.from) / STEPS, true);
  const finer = multiplesIn(range, step / 2);
  return Number.isInteger(step / 2) && finer.length <= STEPS + 1 ? finer : multiplesIn(range, step);
}

function multiplesIn({ from, to }: ChartRange, step: number): number[] {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step);
}

function drawLine(u: uPlot, index: number | null, color: string): void {
  const { min = 0, max = 0 } = u.scales['x'] ?? {};
  if (index === null || u.data[0].length < 2 || index < (min ?? 0) || index > (max ?? 0)) return;
  u.ctx.fillStyle = color;
  const x = Math.round(u.valToPos(index, 'x', true));
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
  onZoom({ from: Math.round(u.posToVal(left, 'x')), to: Math.round(u.posToVal(left + width, 'x')) });
}

function clickListener(u: uPlot, picture: { current: ChartPicture }) {
  let held: ReturnType<typeof setTimeout> | undefined;
  return ({ detail }: MouseEvent) => {
    const { onPick, isZoomed } = picture.current;
    const left = u.cursor.left ?? -1;
    clearTimeout(held);
    if (left < 0 || u.data[0].length < 2 || detail > 1) return;
    const index = Math.max(0, Math.round(u.posToVal(left, 'x')));
    if (isZoomed) held = setTimeout(() => onPick(index), DOUBLE_CLICK_MS);
    else onPick(index);
  };
}
