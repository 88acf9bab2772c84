/** The charts of a run side by side: bookings, cancellations, slot availability. */
import { useEffect, useState } from 'preact/hooks';
import { failureOf } from '../../tui/state/selectors.ts';
import { CHART_METRICS, type ChartMetric, type RunData } from '../../tui/state/state.ts';
import { Chart } from './chart.tsx';

const TITLE: Record<ChartMetric, string> = {
  bookings: 'Bookings',
  cancellations: 'Cancellations',
  slots_available: 'Slots available',
};

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
  const failedAt = failureOf(data)?.eventIndex ?? null;
  return (
    <div class="charts">
      {CHART_METRICS.map((metric, i) => (
        <Chart
          key={`${metric} ${scheme}`}
          title={TITLE[metric]}
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
