/** The metrics with how they moved, as a table. */
import { formatMetric, formatNumber } from '../../run/format.ts';
import { metricRows } from '../../run/picture.ts';
import { safeText } from '../../run/sanitize.ts';
import { samplePoints, type Timeline, valuesOf } from '../../run/timeline.ts';
import type { ChartCursor } from '../state/chart-cursor.ts';
import { useStore } from '../state/store.ts';
import { Panel } from './panel.tsx';
import { Sparkline } from './sparkline.tsx';

interface MetricsProps {
  title: string;
  metrics: Readonly<Record<string, number>>;
  changes: Readonly<Record<string, number>>;
  timeline: Timeline;
}

const POINTS = 48;
const NO_CHANGES = {};

/** Those at the charts' cursor while it is somewhere, or else those that are given. */
export function MetricsAtCursor({ cursor, ...given }: MetricsProps & { cursor: ChartCursor }) {
  const here = useStore(cursor);
  if (here === null) return <Metrics {...given} />;
  const title = `Metrics at event ${formatNumber(here.index)}`;
  return <Metrics {...given} title={title} metrics={here.metrics} changes={NO_CHANGES} />;
}

function Metrics({ title, metrics, changes, timeline }: MetricsProps) {
  const points = samplePoints(timeline, POINTS);
  const rows = metricRows({ metrics, changes });
  return (
    <Panel title={title} class="metrics">
      {rows.length === 0 ? (
        <p class="empty">None yet.</p>
      ) : (
        <table>
          <thead class="visually-hidden">
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">Value</th>
              <th scope="col">Change in the last second</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, value, change }) => (
              <tr key={name}>
                <th scope="row">{safeText(name).replaceAll('_', ' ')}</th>
                <td class="number">{formatMetric(name, value)}</td>
                <td class="number change">{change === 0 ? '' : signed(change)}</td>
                <td class="spark">
                  <Sparkline values={valuesOf(points, name)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function signed(change: number): string {
  return `${change > 0 ? '+' : '−'}${formatNumber(Math.abs(change))}`;
}
