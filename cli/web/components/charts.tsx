/** The charts of a run side by side: bookings, cancellations, slot availability, or what its scenario wants. */
import { useEffect, useState } from 'preact/hooks';
import { usualCharts } from '../../run/chart-choice.ts';
import { brokenOf } from '../../run/picture.ts';
import type { RunData } from '../../run/run-data.ts';
import { Chart } from './chart.tsx';

interface ChartsProps {
  data: RunData;
  /** The metrics to show at the titles. */
  metrics: Readonly<Record<string, number>>;
  /** The event at which the charts have their cursor; null: none. */
  at: number | null;
  onPick: (index: number) => void;
}

export function Charts({ data, metrics, at, onPick }: ChartsProps) {
  const scheme = useColorScheme();
  const charts = data.charts ?? usualCharts(data.metrics);
  if (data.timeline.last === null) {
    return (
      <div class="panel">
        <p class="empty">The charts begin with the first events.</p>
      </div>
    );
  }
  const failedAt = brokenOf(data)?.eventIndex ?? null;
  return (
    <div class="charts">
      {charts.map(({ title, metric }, i) => (
        <Chart
          key={`${metric} ${scheme}`}
          title={title}
          metric={metric}
          color={i + 1}
          timeline={data.timeline}
          value={metrics[metric]}
          at={at}
          failedAt={failedAt}
          onPick={onPick}
        />
      ))}
    </div>
  );
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
