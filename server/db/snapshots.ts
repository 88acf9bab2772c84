/** The snapshots of a run in the database, as JSON text. */
import type { Sql } from './client.ts';
import { onOneLine, type StoredEvent } from './events.ts';

interface SnapshotRow {
  idx: number;
  at: Date;
  metrics: string;
}

/** Snapshots from event `from` on, in order, at most `limit`. */
export async function readSnapshots(
  sql: Sql,
  runId: string,
  from: number,
  limit: number,
  to: number = Number.MAX_SAFE_INTEGER,
): Promise<StoredEvent[]> {
  const rows = await sql<SnapshotRow[]>`
    select idx, at, metrics::text as metrics from simcity_run_snapshots
    where run_id = ${runId} and idx between ${from} and ${to} order by idx limit ${limit}`;
  return rows.map(toStored);
}

/** The newest snapshot up to event `to`; null: there is none. */
export async function readNewestSnapshot(sql: Sql, runId: string, to: number): Promise<StoredEvent | null> {
  const [row] = await sql<SnapshotRow[]>`
    select idx, at, metrics::text as metrics from simcity_run_snapshots
    where run_id = ${runId} and idx <= ${to} order by idx desc limit 1`;
  return row ? toStored(row) : null;
}

/**
 * Every `every`-th snapshot of the run, counted from its first: for charts of a long history. From
 * event `from` on, in order, at most `limit`.
 */
export async function readThinned(
  sql: Sql,
  runId: string,
  from: number,
  limit: number,
  every: number,
): Promise<StoredEvent[]> {
  const rows = await sql<SnapshotRow[]>`
    select idx, at, metrics::text as metrics from (
      select idx, at, metrics, row_number() over (order by idx) - 1 as nth
      from simcity_run_snapshots where run_id = ${runId}
    ) s where idx >= ${from} and nth % ${every}::bigint = 0
    order by idx limit ${limit}`;
  return rows.map(toStored);
}

/** The same snapshots, each with the virtual time of its event. */
export async function withTimes(
  sql: Sql,
  runId: string,
  snapshots: readonly StoredEvent[],
): Promise<StoredEvent[]> {
  const indexes = snapshots.map(({ index }) => index);
  const rows = await sql<{ idx: number; ms: number }[]>`
    select idx, virtual_ms as ms from simcity_run_events where run_id = ${runId} and idx = any(${indexes}::bigint[])`;
  const times = new Map(rows.map(({ idx, ms }) => [idx, ms]));
  return snapshots.map(({ index, json }) => {
    const ms = times.get(index);
    return { index, json: ms === undefined ? json : `${json.slice(0, -1)},"virtualMs":${ms}}` };
  });
}

function toStored(row: SnapshotRow): StoredEvent {
  const metrics = onOneLine(row.metrics);
  return { index: row.idx, json: `{"index":${row.idx},"at":"${row.at.toISOString()}","metrics":${metrics}}` };
}
