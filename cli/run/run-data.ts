/** What is known of one run, for whoever draws it. */
import type { EndFrame, Run, RunEvent, RunStatus } from '../../server/contract/index.ts';
import type { ChartChoice } from './chart-choice.ts';
import { EMPTY_TALLY, type Tally } from './tally.ts';
import { EMPTY_TIMELINE, type Timeline } from './timeline.ts';

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
  timeline: Timeline;
  /** How often each sometimes-property was reached, as the newest heartbeat told; null: none did. */
  reached: Readonly<Record<string, number>> | null;
  /** What the scenario wants charted; null while it is not known, or when it wants nothing. */
  charts: readonly ChartChoice[] | null;
  tally: Tally;
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
  /** How often it was seen to wait for a runner again after it was begun. */
  requeues: number;
  /** When the history was last seen to grow, on this machine's clock, in ms; null before. */
  grewAtMs: number | null;
}

/** What is known of a run before the first frame. */
export function initialData(run: Run): RunData {
  return {
    run,
    status: run.status,
    eventIndex: run.live.eventIndex,
    eventsPerSecond: run.live.eventsPerSecond,
    metrics: run.live.metrics,
    metricsIndex: -1,
    changes: {},
    baseline: {},
    timeline: EMPTY_TIMELINE,
    reached: null,
    charts: null,
    tally: EMPTY_TALLY,
    events: [],
    violation: null,
    end: null,
    startedAtMs: run.startedAt === null ? null : Date.parse(run.startedAt),
    heartbeatAtMs: null,
    clockOffsetMs: 0,
    requeues: 0,
    grewAtMs: null,
  };
}
