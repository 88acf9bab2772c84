/** Runs in the database: launch, look up, list, stop, reap. SQL in, contract types out. */
import {
  type Forensic,
  type JsonObject,
  type LostAttempt,
  type Run,
  type RunStatus,
  runConfigSchema,
  splitReached,
} from '../contract/index.ts';
import type { Sql } from './client.ts';
import { replicated } from './replicated.ts';

interface RunRow {
  id: string;
  number: number;
  scenario: string;
  target: string;
  seed: number;
  config: JsonObject;
  status: RunStatus;
  pass: boolean | null;
  fail_forensic: Forensic | null;
  duration: number | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  stop_requested_at: Date | null;
  stop_reason: string | null;
  runner: string | null;
  campaign: string | null;
  generation: number | null;
  version: string | null;
  lost_attempts: LostAttempt[];
  event_index: number;
  metrics: Record<string, number> | null;
  events_per_second: number | null;
  heartbeat_at: Date | null;
}

/** A launch with every default resolved. */
export interface NewRun {
  id: string;
  scenario: string;
  target: string;
  seed: number;
  config: JsonObject;
  campaign: string | null;
  assignedRunner: string | null;
  /** The command that reproduces it. */
  reproduce: string;
}

export interface RunFilter {
  status: RunStatus | null;
  campaign: string | null;
  /** Only runs older than the one with this id. */
  before: string | null;
  limit: number;
}

const DEFAULT_CONFIG = runConfigSchema.parse({});

const selectRuns = (sql: Sql) => sql`
  select r.id, r.number, r.scenario, r.target, r.seed, r.config, r.status, r.pass, r.fail_forensic,
    r.duration_seconds_actual::float8 as duration, r.created_at, r.started_at, r.ended_at,
    r.stop_requested_at, r.stop_reason, r.runner, r.campaign, r.generation, r.version, r.lost_attempts,
    r.next_index - 1 as event_index, l.metrics, l.events_per_second, l.heartbeat_at
  from simcity_runs r left join simcity_run_live l on l.run_id = r.id`;

/** Queues a run; runners learn of it by NOTIFY. */
export async function insertRun(sql: Sql, run: NewRun): Promise<Run> {
  await replicated(
    () => sql`
    insert into simcity_runs (id, scenario, target, seed, config, campaign, assigned_runner, reproduce)
    values (${run.id}, ${run.scenario}, ${run.target}, ${run.seed}, ${JSON.stringify(run.config)}::text::jsonb,
      ${run.campaign}, ${run.assignedRunner}, ${run.reproduce})`,
  );
  const stored = await findRun(sql, run.id);
  if (!stored) throw new Error(`run ${run.id} vanished after its launch`);
  return stored;
}

export async function findRun(sql: Sql, id: string): Promise<Run | null> {
  const [row] = await sql<RunRow[]>`${selectRuns(sql)} where r.id = ${id}`;
  return row ? toRun(row) : null;
}

/** Newest first. */
export async function listRuns(sql: Sql, filter: RunFilter): Promise<Run[]> {
  const rows = await sql<RunRow[]>`
    ${selectRuns(sql)} where true
    ${filter.status === null ? sql`` : sql`and r.status = ${filter.status}`}
    ${filter.campaign === null ? sql`` : sql`and r.campaign = ${filter.campaign}`}
    ${filter.before === null ? sql`` : sql`and r.id < ${filter.before}`}
    order by r.id desc limit ${filter.limit}`;
  return rows.map(toRun);
}

/** Ids between two, at most `limit`; a prefix of an id is such a range. */
export async function findIds(sql: Sql, low: string, high: string, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from simcity_runs where id between ${low} and ${high} order by id desc limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** Ids that begin with the hexadecimal digits `head` and end with `tail`, newest first, at most `limit`. Reads every run. */
export async function findIdsByTail(sql: Sql, head: string, tail: string, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from simcity_runs where replace(id::text, '-', '') like ${`${head}%${tail}`}
    order by id desc limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** Lets the numbers of runs go on without the gap that a crash of the database left. */
export async function closeNumberGap(sql: Sql): Promise<void> {
  await sql`select simcity_close_number_gap()`;
}

export async function idOfNumber(sql: Sql, number: number): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`select id from simcity_runs where number = ${number}`;
  return row?.id ?? null;
}

export async function newestId(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`select id from simcity_runs order by id desc limit 1`;
  return row?.id ?? null;
}

/** Asks for a stop. Answers the status that the run had; null: there is no such run. */
export async function requestStop(sql: Sql, id: string, reason: string | null): Promise<RunStatus | null> {
  // One statement: a transaction of several, whose connection ends between two of them, brings down the process
  // (porsager/postgres#1208).
  const [row] = await replicated(
    () => sql<{ status: RunStatus }[]>`
    with before as materialized (select id, status from simcity_runs where id = ${id} for no key update)
    select status, simcity_request_stop(id, ${reason}) from before`,
  );
  return row?.status ?? null;
}

/** Queues runs again whose runner has vanished, or ends them, and answers their ids. */
export async function reapLost(sql: Sql): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`select simcity_reap_lost() as id`;
  return rows.map(({ id }) => id);
}

export interface RunCounts {
  byStatus: Map<string, number>;
  /** Those that ended STOPPED because something went wrong with the run itself, by what it was. */
  lostByReason: Map<string, number>;
}

/** Reads only the runs that have not ended: those that have are counted as they end. */
export async function countRuns(sql: Sql): Promise<RunCounts> {
  const rows = await sql<{ status: string; reason: string | null; count: number }[]>`
    select status, null as reason, count(*) as count from simcity_runs
    where status in ('QUEUED', 'RUNNING', 'STOPPING') group by status
    union all
    select status, reason, sum(runs)::bigint from simcity_run_counts group by status, reason`;
  const byStatus = new Map<string, number>();
  const lostByReason = new Map<string, number>();
  for (const { status, reason, count } of rows) {
    byStatus.set(status, (byStatus.get(status) ?? 0) + count);
    if (reason !== null) lostByReason.set(reason, count);
  }
  return { byStatus, lostByReason };
}

/** How long the oldest queued run has waited; 0 when none does. By the clock of the database. */
export async function oldestQueuedSeconds(sql: Sql): Promise<number> {
  const [row] = await sql<{ seconds: number | null }[]>`
    select extract(epoch from clock_timestamp() - min(coalesce(requeued_at, created_at)))::float8 as seconds
    from simcity_runs where status = 'QUEUED'`;
  return row?.seconds ?? 0;
}

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    number: row.number,
    scenario: row.scenario,
    target: row.target,
    seed: row.seed,
    // Rows written by hand or by another version may lack settings, or hold what is no longer valid.
    config: { ...DEFAULT_CONFIG, ...row.config },
    status: row.status,
    pass: row.pass,
    failForensic: row.fail_forensic,
    durationSecondsActual: row.duration,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    stopRequestedAt: row.stop_requested_at?.toISOString() ?? null,
    stopReason: row.stop_reason,
    runner: row.runner,
    campaign: row.campaign,
    generation: row.generation,
    version: row.version,
    lostAttempts: row.lost_attempts,
    live: {
      status: row.status,
      eventIndex: row.event_index,
      metrics: splitReached(row.metrics ?? {}).metrics,
      eventsPerSecond: row.events_per_second ?? 0,
      heartbeatAt: row.heartbeat_at?.toISOString() ?? null,
    },
  };
}
