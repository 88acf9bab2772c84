/** What is drawn, told from the state. */
import type { FailureSummary } from '../../../server/contract/index.ts';
import type { RunData, State } from './state.ts';

/** The data to draw: the frozen picture while paused. */
export function shown(state: State): RunData {
  return state.frozen ?? state.data;
}

/** Time since the start in ms; of the whole run once it has ended. */
export function elapsedMs(state: State): number {
  const data = shown(state);
  if (data.end !== null) return data.end.durationSecondsActual * 1_000;
  if (data.startedAtMs === null) return 0;
  return Math.max(0, state.nowMs + state.data.clockOffsetMs - data.startedAtMs);
}

/** How long ago the harness was last heard of, in ms; null when it was not or need not be. */
export function heartbeatAgeMs(state: State): number | null {
  const { data } = state;
  if (data.end !== null || data.heartbeatAtMs === null) return null;
  return Math.max(0, state.nowMs + data.clockOffsetMs - data.heartbeatAtMs);
}

/** How many events came since the picture was frozen; null when it moves. */
export function eventsBehind(state: State): number | null {
  return state.frozen === null ? null : state.data.eventIndex - state.frozen.eventIndex;
}

/** The failure as far as it is known: from the verdict, or from the violation that came before it. */
export function failureOf(data: RunData): (Partial<FailureSummary> & { message: string }) | null {
  if (data.end?.failure) return data.end.failure;
  if (data.violation === null) return null;
  const { message, invariant } = data.violation.data;
  return {
    message: typeof message === 'string' ? message : 'An invariant is broken.',
    invariant: typeof invariant === 'string' ? invariant : 'violation',
    eventIndex: data.violation.index,
  };
}

/** Expected and actual of the violation, when its event says them. */
export function comparisonOf(data: RunData): { expected: unknown; actual: unknown } | null {
  const from = data.violation?.data;
  if (from === undefined || (from['expected'] === undefined && from['actual'] === undefined)) return null;
  return { expected: from['expected'], actual: from['actual'] };
}

const METRIC_ORDER = [
  'bookings',
  'cancellations',
  'slots_available',
  'operations',
  'ok',
  'refused',
  'unknown',
  'faults',
  'p95_latency_ms',
  'in_flight',
  'retries',
  'p50_latency_ms',
  'p99_latency_ms',
];

/** The metrics in the order people look for them, with how they moved. */
export function metricRows(data: RunData): { name: string; value: number; change: number }[] {
  const rank = (name: string) => {
    const at = METRIC_ORDER.indexOf(name);
    return at < 0 ? METRIC_ORDER.length : at;
  };
  return Object.entries(data.metrics)
    .map(([name, value]) => ({ name, value, change: data.changes[name] ?? 0 }))
    .sort((a, b) => rank(a.name) - rank(b.name));
}
