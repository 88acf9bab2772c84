/** The metrics with their course and how they moved. */
import { formatCompact, formatNumber } from '../../run/format.ts';
import { metricRows } from '../../run/picture.ts';
import { safeText } from '../../run/sanitize.ts';
import { samplePoints, type Timeline, valuesOf } from '../../run/timeline.ts';
import { framed, innerSize } from '../components/frame.ts';
import { sparkline } from '../components/sparkline.ts';
import { table } from '../components/table.ts';
import { DIM, type Style, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';

interface MetricsPaneProps {
  title: string;
  metrics: Readonly<Record<string, number>>;
  /** How each moved; null where that says nothing. */
  changes: Readonly<Record<string, number>> | null;
  timeline: Timeline;
}

export const MetricsPane = pane<MetricsPaneProps>('MetricsPane', (props, { width, height }) => {
  const { title, metrics, changes, timeline } = props;
  const inner = innerSize(width, height);
  const all = metricRows({ metrics, changes: changes ?? {} });
  const visible = all.slice(0, inner.height);
  const bars = Math.max(0, Math.min(12, inner.width - 26));
  const points = samplePoints(timeline, bars);
  const rows = visible.map(({ name, value, change }) => ({
    metric: name,
    name: metricLabel(name),
    course: bars < 4 ? '' : sparkline(valuesOf(points, name)).padEnd(bars),
    value: valueText(value),
    change: changeText(change).padStart(4),
  }));
  const lines =
    rows.length === 0
      ? [[span('no metrics yet', DIM)]]
      : table({
          data: rows,
          columns: [
            'name',
            ...(bars < 4 ? [] : ['course' as const]),
            'value',
            ...(changes === null ? [] : ['change' as const]),
          ],
          width: inner.width,
          styleOf: (row, column) =>
            column === 'change'
              ? changeStyle(row.metric, row.change)
              : column === 'course'
                ? { color: 'cyan', dim: true }
                : undefined,
        });
  const hidden = all.length - visible.length;
  return framed(
    {
      title,
      aside: hidden > 0 ? `${hidden} more` : '',
      footRight: changes === null ? '' : 'change in 1 s',
      width,
      height,
    },
    lines,
  );
});

/** Metrics whose rise says something; of the others a change is neither good nor bad. */
const RISING: Readonly<Record<string, 'good' | 'bad'>> = {
  ok: 'good',
  unknown: 'bad',
  p50_latency_ms: 'bad',
  p95_latency_ms: 'bad',
  p99_latency_ms: 'bad',
};

function changeStyle(metric: string, change: string): Style {
  const rising = RISING[metric];
  if (rising === undefined) return DIM;
  return (rising === 'good') === change.includes('+') ? { color: 'green' } : { color: 'yellow' };
}

/** Short enough for a narrow table: `p95_latency_ms` is `p95 ms`. */
export function metricLabel(name: string): string {
  if (name === 'slots_available') return 'slots free';
  return safeText(name.replace(/_latency_ms$/, ' ms').replaceAll('_', ' '));
}

function valueText(value: number): string {
  return Math.abs(value) < 1_000_000 ? formatNumber(Math.round(value * 10) / 10) : formatCompact(value);
}

function changeText(change: number): string {
  const rounded = Math.round(change * 10) / 10;
  if (rounded === 0) return '';
  return rounded > 0 ? `+${formatCompact(rounded)}` : formatCompact(rounded);
}
