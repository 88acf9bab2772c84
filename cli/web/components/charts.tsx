/** The charts of a run side by side, with one cursor, one zoom and one line of faults. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type ChartChoice, LATENCY_CHART, usualCharts } from '../../run/chart-choice.ts';
import {
  type ChartRange,
  movedAlong,
  rangeWith,
  rangeWithin,
  zoomedIn,
  zoomedOut,
} from '../../run/chart-range.ts';
import { brokenOf } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import type { ChartCursor } from '../state/chart-cursor.ts';
import { CHART_KEYS, type ChartIntent } from '../state/chart-keys.ts';
import { useKeys } from '../state/keys.ts';
import { useShownPoints } from '../state/zoomed-points.ts';
import { Chart } from './chart.tsx';
import { ChartFoot } from './chart-foot.tsx';
import { FaultStrip } from './fault-strip.tsx';

/** As many as the tokens have. */
const COLORS = 4;

interface ChartsProps {
  data: RunData;
  /** The metrics to show at the titles. */
  metrics: Readonly<Record<string, number>>;
  /** The event at which a line stays; null: none. */
  at: number | null;
  cursor: ChartCursor;
  /** What of the run is shown; null: all of it. */
  zoom: ChartRange | null;
  onZoom: (range: ChartRange | null) => void;
  onPick: (index: number) => void;
}

export function Charts({ data, metrics, at, cursor, zoom, onZoom, onPick }: ChartsProps) {
  const scheme = useColorScheme();
  const newest = data.eventIndex;
  const range = useRange(zoom, newest);
  const shown = useShownPoints(data, range);
  const failedAt = brokenOf(data)?.eventIndex ?? null;
  const charts = chartsOf(data);
  const act = zoomerOf(shown.range, at, cursor, newest, onZoom);
  useKeys(CHART_KEYS, act);
  useFollowing(range, at, newest, onZoom);
  const zoomTo = useCallback(
    (to: ChartRange | null) => onZoom(to && rangeWithin(to, newest)),
    [onZoom, newest],
  );
  if (shown.points.length === 0) return <p class="panel empty">The charts begin with the first events.</p>;
  return (
    <section class="charts-with-foot" aria-label="Charts">
      <div class={`charts charts-${charts.length}`}>
        {charts.map((chart, i) => (
          <Chart
            key={`${chart.metric} ${scheme}`}
            chart={chart}
            color={(i % COLORS) + 1}
            shown={shown}
            value={metrics[chart.metric]}
            cursor={cursor}
            at={at}
            failedAt={failedAt}
            isZoomed={range !== null}
            onPick={onPick}
            onZoom={zoomTo}
          />
        ))}
      </div>
      <div class="panel chart-foot">
        <FaultStrip tally={data.tally} shown={shown} failedAt={failedAt} cursor={cursor} at={at} />
        <ChartFoot shown={shown} isZoomed={range !== null} newest={newest} cursor={cursor} onAct={act} />
      </div>
    </section>
  );
}

function chartsOf({ charts, metrics }: RunData): readonly ChartChoice[] {
  const chosen = charts ?? usualCharts(metrics);
  return LATENCY_CHART.metric in metrics ? [...chosen, LATENCY_CHART] : chosen;
}

/** The same object for as long as it is the same range. */
function useRange(zoom: ChartRange | null, newest: number): ChartRange | null {
  const within = zoom && rangeWithin(zoom, newest);
  const { from, to } = within ?? {};
  return useMemo(() => (from === undefined || to === undefined ? null : { from, to }), [from, to]);
}

function zoomerOf(
  shown: ChartRange,
  at: number | null,
  cursor: ChartCursor,
  newest: number,
  onZoom: ChartsProps['onZoom'],
): (intent: ChartIntent) => void {
  return (intent) => {
    const around = cursor.value?.index ?? at ?? (shown.from + shown.to) / 2;
    if (intent === 'zoom-in') onZoom(zoomedIn(shown, around, newest));
    if (intent === 'zoom-out') onZoom(zoomedOut(shown, around, newest));
    if (intent === 'zoom-whole') onZoom(null);
    if (intent === 'zoom-back') onZoom(movedAlong(shown, -1, newest));
    if (intent === 'zoom-on') onZoom(movedAlong(shown, 1, newest));
  };
}

/** What is shown goes along with the line that stays at an event. */
function useFollowing(
  range: ChartRange | null,
  at: number | null,
  newest: number,
  onZoom: ChartsProps['onZoom'],
): void {
  const before = useRef(at);
  useEffect(() => {
    // Only when the line moves: a part without it can be looked at.
    if (before.current === at) return;
    before.current = at;
    if (range === null || at === null) return;
    const next = rangeWith(range, at, newest);
    if (next !== range) onZoom(next);
  }, [range, at, newest, onZoom]);
}

const DARK = matchMedia('(prefers-color-scheme: dark)');

/** Changes when the browser's colour scheme does: a canvas has to be drawn anew then. */
function useColorScheme(): 'dark' | 'light' {
  const [isDark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const take = () => setDark(DARK.matches);
    DARK.addEventListener('change', take);
    return () => DARK.removeEventListener('change', take);
  }, []);
  return isDark ? 'dark' : 'light';
}
