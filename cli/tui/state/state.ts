/** All that mission control knows and shows: what is known of the run, and where the user stands. */
import type { EndFrame, Run, RunEvent, RunStatus } from '../../../server/contract/index.ts';
import type { LinkState } from '../../client/stream.ts';
import { emptySeries, type Series } from './series.ts';

/** What is known of the run. Replaced as a whole by each batch of frames, never changed. */
export interface RunData {
  run: Run;
  status: RunStatus;
  /** Index of the newest event that is known of, stored or received; -1 before the first. */
  eventIndex: number;
  eventsPerSecond: number;
  metrics: Readonly<Record<string, number>>;
  /** Index of the event after which `metrics` were so. */
  metricsIndex: number;
  /** How each metric moved between the last two heartbeats. */
  changes: Readonly<Record<string, number>>;
  /** Metrics of the last heartbeat, to tell the changes. */
  baseline: Readonly<Record<string, number>>;
  series: Readonly<Record<ChartMetric, Series>>;
  /** The newest events, oldest first, bounded. */
  events: readonly RunEvent[];
  violation: RunEvent | null;
  end: EndFrame | null;
  /** Wall time of the start on the server's clock, in ms; null before. */
  startedAtMs: number | null;
  /** When the harness was last heard of, on the server's clock, in ms. */
  heartbeatAtMs: number | null;
  /** Server's clock minus this machine's, in ms. */
  clockOffsetMs: number;
}

export const CHART_METRICS = ['bookings', 'cancellations', 'slots_available'] as const;
export type ChartMetric = (typeof CHART_METRICS)[number];

export type ViewId = 'live';
export type Overlay = 'help' | 'confirm-stop' | 'confirm-quit';

export interface State {
  data: RunData;
  /** The picture that stays while paused; `data` goes on behind it. */
  frozen: RunData | null;
  link: LinkState;
  view: ViewId;
  overlay: Overlay | null;
  /** A sentence for the key bar, until the next key. */
  notice: string | null;
  /** True once a stop was asked for; whoever runs the state sends it. */
  stopRequested: boolean;
  /** True when the end of the run is also the end of mission control. */
  leaveAtEnd: boolean;
  /** Not null once mission control has to close. */
  leaving: 'quit' | 'interrupt' | null;
  size: Size;
  nowMs: number;
  /** True for `run`: Ctrl-C stops. */
  owns: boolean;
  /** True when leaving ends the run's server. */
  hosted: boolean;
}

/** Of the terminal, in columns and rows. */
export interface Size {
  columns: number;
  rows: number;
}

export interface InitialState {
  run: Run;
  size: Size;
  nowMs: number;
  owns: boolean;
  hosted: boolean;
  exitOnEnd: boolean;
}

/** The state before the first frame. */
export function initialState(options: InitialState): State {
  const { run } = options;
  return {
    data: {
      run,
      status: run.status,
      eventIndex: run.live.eventIndex,
      eventsPerSecond: run.live.eventsPerSecond,
      metrics: run.live.metrics,
      metricsIndex: -1,
      changes: {},
      baseline: {},
      series: { bookings: emptySeries(), cancellations: emptySeries(), slots_available: emptySeries() },
      events: [],
      violation: null,
      end: null,
      startedAtMs: run.startedAt === null ? null : Date.parse(run.startedAt),
      heartbeatAtMs: null,
      clockOffsetMs: 0,
    },
    frozen: null,
    link: { state: 'connecting' },
    view: 'live',
    overlay: null,
    notice: null,
    stopRequested: false,
    leaveAtEnd: options.exitOnEnd,
    leaving: null,
    size: options.size,
    nowMs: options.nowMs,
    owns: options.owns,
    hosted: options.hosted,
  };
}
