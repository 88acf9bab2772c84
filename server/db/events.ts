/** The history of a run in the database: pages of events as JSON text, and the appending of batches. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { type Batch, ingestedSnapshot } from '../ingest/batch.ts';
import type { Sql } from './client.ts';
import type { Epoch } from './epochs.ts';
import { replicated } from './replicated.ts';

/** One event with the JSON text that the API answers, so that data is passed on and not parsed. */
export interface StoredEvent {
  index: number;
  json: string;
}

interface EventRow {
  idx: number;
  at: Date;
  virtual_ms: number;
  type: string;
  actor: string;
  data: string;
  epochs: Epoch[] | null;
}

/** What one page holds at most, whatever the number of its events, so that huge events do not add up. */
const PAGE_BYTES = 2_000_000;
const ROW_OVERHEAD_BYTES = 8;
/** So many rows become text before whoever else is served has a turn. */
const AT_ONCE_ROWS = 2_000;

export interface StoredPage {
  events: StoredEvent[];
  /** Of the same moment as the events; none where there are no events. */
  epochs: Epoch[];
  /** True when nothing more was stored at the time of reading. */
  drained: boolean;
}

/**
 * Events from `from` on, in order: at most `limit`, and about 2 MB (as stored), but at least one.
 * History has no gaps, so a page is a range. A LIMIT instead would make PostgreSQL read and sort the
 * whole rest of a run that is too new for its statistics.
 */
export async function readEventPage(
  sql: Sql,
  runId: string,
  from: number,
  limit: number,
): Promise<StoredPage> {
  const rows = await sql<EventRow[]>`
    select idx, at, virtual_ms, type, actor, data::text as data,
      case idx when ${from} then (select r.epochs from simcity_runs r where r.id = ${runId}) end as epochs
    from (
      select idx, at, virtual_ms, type, actor, data,
        sum(pg_column_size(data)) over (order by idx rows unbounded preceding) - pg_column_size(data) as before
      from simcity_run_events where run_id = ${runId} and idx >= ${from} and idx < ${from + limit}
    ) page where before < ${PAGE_BYTES} order by idx`;
  const bytes = rows.reduce((sum, { data }) => sum + data.length + ROW_OVERHEAD_BYTES, 0);
  const events: StoredEvent[] = [];
  for (const row of rows) {
    if (events.length > 0 && events.length % AT_ONCE_ROWS === 0) await othersTurn();
    events.push({ index: row.idx, json: eventJson(row) });
  }
  return {
    events,
    epochs: rows[0]?.epochs ?? [],
    drained: rows.length < limit && bytes < PAGE_BYTES,
  };
}

function eventJson(row: EventRow): string {
  const { idx, virtual_ms, data } = row;
  return `{"index":${idx},"at":"${row.at.toISOString()}","virtualMs":${virtual_ms},"type":${JSON.stringify(row.type)},"actor":${JSON.stringify(row.actor)},"data":${onOneLine(data)}}`;
}

/** Line breaks in JSON text stand only between tokens; a frame of a stream must not hold any. */
export function onOneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replaceAll(/[\r\n]+/g, ' ') : json;
}

export interface Ingested {
  next: number;
  stopRequested: boolean;
  stopReason: string | null;
  /** How the batch differs from the prefix that it repeats: then the run has ended with that. */
  difference: Difference | null;
}

/** An event or snapshot of a repetition that differs from the stored one. */
export interface Difference {
  what: 'event' | 'snapshot';
  index: number;
}

interface IngestedRow {
  next_index: number;
  stop_requested: boolean;
  stop_reason: string | null;
  difference: Difference | null;
}

/**
 * Stores a batch, alone; once this resolves, it is committed. Errors carry the SQLSTATEs of simcity_ingest_batch.
 * One statement: a transaction of the driver's, whose connection ends between two, throws where nobody can catch it.
 */
export async function ingest(sql: Sql, runId: string, tokenHash: Buffer, batch: Batch): Promise<Ingested> {
  const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  const { count, snapshots, live, end } = batch;
  const [row] = await replicated(
    () => sql<IngestedRow[]>`
    select next_index, stop_requested, stop_reason, difference from simcity_ingest_batch(${runId}, ${tokenHash},
      ${count === 0 ? null : batch.eventsJson()}::text::json,
      ${snapshots.length === 0 ? null : `[${snapshots.map(ingestedSnapshot).join(',')}]`}::text::json,
      ${text(live)}::text::json, ${text(end)}::text::json)`,
  );
  if (!row) throw new Error('simcity_ingest_batch answered nothing');
  const { next_index: next, stop_requested: stopRequested, stop_reason: stopReason, difference } = row;
  return { next, stopRequested, stopReason, difference };
}
