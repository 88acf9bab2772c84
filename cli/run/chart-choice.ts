/** Which metrics are charted: those that the run's scenario names in its `start` event, or else the telling ones. */
import { safeText } from './sanitize.ts';

export interface ChartChoice {
  /** Safe to print. */
  title: string;
  metric: string;
  /** A counter that only ever rises says more by how fast it does. */
  isRate?: boolean;
}

/** Beside the others, where there is room for a fourth. */
export const LATENCY_CHART: ChartChoice = { title: 'Latency p95 (ms)', metric: 'p95_latency_ms' };

/** Those in front have to tell most: on a narrow terminal there is room for three. */
const MOST_CHARTS = 5;
/** Where nobody says which metrics tell most. */
const USUAL_CHARTS = 3;

const BOOKINGS: readonly ChartChoice[] = [
  { title: 'Bookings (active)', metric: 'bookings' },
  { title: 'Cancellations', metric: 'cancellations', isRate: true },
  { title: 'Slots available', metric: 'slots_available' },
];

/** Metrics of every scenario, which tell little about what is special in this one. */
const OF_ENGINE = /^(operations|ok|refused|unknown|faults|retries|in_flight|p\d+_latency_ms)$/;
const PLAIN: readonly ChartChoice[] = [
  { title: 'Operations', metric: 'operations' },
  { title: 'Refused', metric: 'refused' },
  { title: 'Faults', metric: 'faults' },
];

/** What the data of a `start` event asks for; null when it asks for nothing. */
export function chartsOfStart(data: Readonly<Record<string, unknown>>): readonly ChartChoice[] | null {
  const { charts } = data;
  if (!Array.isArray(charts)) return null;
  const chosen = charts.slice(0, MOST_CHARTS).flatMap((each: unknown): ChartChoice[] => {
    const { title, metric } = (each ?? {}) as Record<string, unknown>;
    if (typeof title !== 'string' || typeof metric !== 'string') return [];
    return [{ title: safeText(title.charAt(0).toUpperCase() + title.slice(1)), metric }];
  });
  return chosen.length === 0 ? null : chosen;
}

/** All charts of a run, with the latency last where it is measured. */
export function chartsOf({ charts, metrics }: Charted): readonly ChartChoice[] {
  const chosen = charts ?? usualCharts(metrics);
  return LATENCY_CHART.metric in metrics ? [...chosen, LATENCY_CHART] : chosen;
}

/** What decides about the charts of a run. */
interface Charted {
  /** What its `start` event asks for; null: nothing. */
  charts: readonly ChartChoice[] | null;
  metrics: Readonly<Record<string, number>>;
}

/** Charts for these metrics where the scenario names none. */
export function usualCharts(metrics: Readonly<Record<string, number>>): readonly ChartChoice[] {
  const names = Object.keys(metrics);
  if (names.length === 0 || 'bookings' in metrics) return BOOKINGS;
  const own = names.filter((name) => !OF_ENGINE.test(name)).slice(0, USUAL_CHARTS);
  if (own.length === 0) return PLAIN;
  return own.map((metric) => ({ title: safeText(metric.replaceAll('_', ' ')), metric }));
}
