/** The live state of a run: what a heartbeat carries, and what tells a stream that the run has ended. */
import type { FailureSummary, RunStatus } from '../contract/index.ts';
import type { Sql } from './client.ts';
import type { Epoch, Stored } from './epochs.ts';

export interface StoredLive extends Stored {
  status: RunStatus;
  /** JSON text. */
  metrics: string;
  eventsPerSecond: number;
  heartbeatAt: string | null;
  /** Batches taken so far; moves with everything that is added to the history but the end by another hand. */
  batches: number;
  durationSecondsActual: number | null;
  stopReason: string | null;
  failure: FailureSummary | null;
}

interface LiveRow {
  status: RunStatus;
  event_index: number;
  metrics: string | null;
  events_per_second: number | null;
  heartbeat_at: Date | null;
  batches: number | null;
  duration: number | null;
  stop_reason: string | null;
  failure: FailureSummary | null;
  epochs: Epoch[];
}

/** Null: there is no such run. Only the summary of a failure is read, never the whole bundle. */
export async function readLive(sql: Sql, id: string): Promise<StoredLive | null> {
  const [row] = await sql<LiveRow[]>`
    select r.status, r.next_index - 1 as event_index, l.metrics::text as metrics, l.events_per_second,
      l.heartbeat_at, l.batches, r.duration_seconds_actual::float8 as duration, r.stop_reason, r.epochs,
      case when r.fail_forensic is not null then json_build_object(
        'kind', r.fail_forensic -> 'kind', 'invariant', r.fail_forensic -> 'invariant',
        'message', r.fail_forensic -> 'message', 'eventIndex', r.fail_forensic -> 'eventIndex',
        'reproduce', r.fail_forensic -> 'reproduce') end as failure
    from simcity_runs r left join simcity_run_live l on l.run_id = r.id where r.id = ${id}`;
  if (!row) return null;
  return {
    status: row.status,
    eventIndex: row.event_index,
    metrics: row.metrics ?? '{}',
    eventsPerSecond: row.events_per_second ?? 0,
    heartbeatAt: row.heartbeat_at?.toISOString() ?? null,
    batches: row.batches ?? 0,
    durationSecondsActual: row.duration,
    stopReason: row.stop_reason,
    failure: row.failure,
    epochs: row.epochs,
  };
}
