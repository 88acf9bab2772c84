/** One metric over the run's events, or a part of them. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ChartChoice } from '../../run/chart-choice.ts';
import type { ChartRange } from '../../run/chart-range.ts';
import { formatNumber } from '../../run/format.ts';
import { eventAtTime, type Point, ratesOf, valuesOf } from '../../run/timeline.ts';
import type { ChartCursor } from '../state/chart-cursor.ts';
import { useStore } from '../state/store.ts';
import { RATE_WINDOW, type ShownPoints, timeOf } from '../state/zoomed-points.ts';
import type { ChartPicture, Plot } from './chart-plot.ts';

interface ChartProps {
  chart: ChartChoice;
  /** 1 to 4. */
  color: number;
  shown: ShownPoints;
  /** The value at the title, but for rates; undefined while there is none. */
  value: number | undefined;
  /** Where all charts have their cursor. */
  cursor: ChartCursor;
  at: number | null;
  failedAt: number | null;
  isZoomed: boolean;
  onPick: (index: number) => void;
  onZoom: (range: ChartRange | null) => void;
}

export function Chart(props: ChartProps) {
  const { chart, color, shown, at, cursor } = props;
  const { points } = shown;
  const place = useRef<HTMLDivElement>(null);
  const values = useMemo(() => toldOf(points, chart), [points, chart]);
  const isLost = usePlot(place, color, pictureOf(props, values));
  const title = chart.isRate ? `${chart.title}/s (virtual)` : chart.title;
  const value = chart.isRate ? valueAt(points, values, at) : props.value;
  return (
    <figure class={`panel chart chart-${color}`}>
      <figcaption class="panel-head">
        <h2>{title}</h2>
        <Value cursor={cursor} points={points} values={values} value={value} />
      </figcaption>
      <div
        class="chart-place"
        hidden={isLost}
        ref={place}
        role="img"
        aria-label={spoken(title, shown.range, values)}
      />
      {isLost && <p class="empty">This chart could not be loaded. Reload the page.</p>}
    </figure>
  );
}

/** True when the script that draws did not come: the server was lost meanwhile, or is another by now. */
function usePlot(place: { current: HTMLElement | null }, color: number, picture: ChartPicture): boolean {
  const [plot, setPlot] = useState<Plot | null>(null);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    let own: Plot | null = null;
    let isGone = false;
    import('./chart-plot.ts').then(
      ({ createPlot }) => {
        if (isGone || place.current === null) return;
        own = createPlot(place.current, color);
        setPlot(own);
      },
      () => setLost(true),
    );
    return () => {
      isGone = true;
      own?.destroy();
    };
  }, [place, color]);
  useEffect(() => plot?.draw(picture));
  return isLost;
}

/** The value at the charts' cursor while it is somewhere, or else the one that is given. */
function Value({ cursor, points, values, value }: ValueProps) {
  const here = useStore(cursor);
  const place = here === null ? -1 : points.findIndex(({ index }) => index === here.index);
  const shown = place < 0 ? value : values[place];
  return <span class="chart-value">{typeof shown === 'number' ? formatNumber(shown) : ''}</span>;
}

interface ValueProps extends Pick<ChartProps, 'cursor'> {
  points: readonly Point[];
  values: Values;
  value: number | undefined;
}

type Values = readonly (number | null)[];

/** What is drawn at each of `points`; null where it is not known. */
function toldOf(points: readonly Point[], { metric, isRate = false }: ChartChoice): Values {
  const values = isRate ? ratesOf(points, metric, RATE_WINDOW) : valuesOf(points, metric);
  return values.map((value) => (Number.isNaN(value) ? null : value));
}

function pictureOf(props: ChartProps, values: Values): ChartPicture {
  const { shown, cursor, at, failedAt, isZoomed, onPick, onZoom } = props;
  const { points, fromMs, toMs } = shown;
  return {
    times: points.map(({ virtualMs }) => virtualMs),
    values,
    span: { fromMs, toMs },
    at: at === null ? null : timeOf(points, at),
    failedAt: failedAt === null ? null : timeOf(points, failedAt),
    isZoomed,
    onPick: (ms) => onPick(eventAtTime(points, ms)),
    onZoom: (span) =>
      onZoom(span && { from: eventAtTime(points, span.fromMs), to: eventAtTime(points, span.toMs) }),
    onPoint: (place) => cursor.set(place === null ? null : (points[place] ?? null)),
  };
}

/** The newest that is known at `at`; of all without it. */
function valueAt(points: readonly Point[], values: Values, at: number | null): number | undefined {
  const place = at === null ? points.length - 1 : points.findLastIndex(({ index }) => index <= at);
  return values[place] ?? undefined;
}

/** The course of the metric in a sentence. */
function spoken(title: string, { from, to }: ChartRange, values: Values): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return `${title}: nothing yet`;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `${title} over events ${formatNumber(from)} to ${formatNumber(to)}: lowest ${formatNumber(low)}, highest ${formatNumber(high)}, at last ${formatNumber(last)}`;
}
