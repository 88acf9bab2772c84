/** The steps of a prune in the database; each is a transaction of its own, so that none holds others up for long. */
import type { PruneRequest, TerminalStatus } from '../contract/index.ts';
import { errorCode, type Sql } from './client.ts';

export interface Selection {
  /** Only runs launched before. */
  before: Date | null;
  keepRuns: number | null;
  statuses: TerminalStatus[];
}

const DAY_SECONDS = 86_400;

/** By the clock of the database. An age of days begins at midnight (UTC), so that whole days go. */
export async function selectionOf(sql: Sql, request: PruneRequest): Promise<Selection> {
  const { keepSeconds, keepRuns, statuses } = request;
  if (keepSeconds === null) return { before: null, keepRuns, statuses };
  const [row] = await sql<{ before: Date }[]>`
    select case when ${keepSeconds}::float8 < ${DAY_SECONDS} then age
      else date_trunc('day', age at time zone 'UTC') at time zone 'UTC' end as before
    from (select clock_timestamp() - make_interval(secs => ${keepSeconds}) as age) ages`;
  return { before: row?.before ?? null, keepRuns, statuses };
}

/** Runs that may go, as a subquery; the newest that are kept are counted among all that have ended. */
const goes = (sql: Sql, { before, keepRuns, statuses }: Selection) => sql`
  select id, status, created_at, next_index from simcity_runs r
  where r.status in ('PASS', 'FAIL', 'STOPPED') and r.status = any(${statuses})
    and (${before}::timestamptz is null or r.created_at < ${before})
    and (${keepRuns}::bigint is null or r.id not in (
      select k.id from simcity_runs k where k.status in ('PASS', 'FAIL', 'STOPPED')
      order by k.created_at desc, k.id desc limit ${keepRuns}))`;

/** Campaigns that may go: over, and not changed since. Their runs go by themselves. */
const oldCampaigns = (sql: Sql, { before }: Selection) => sql`
  select name from simcity_campaigns
  where state in ('done', 'stopped') and updated_at < ${before}::timestamptz`;

export async function countOldCampaigns(sql: Sql, selection: Selection): Promise<number> {
  const [row] = await sql<{ campaigns: number }[]>`
    select count(*) as campaigns from (${oldCampaigns(sql, selection)}) going`;
  return row?.campaigns ?? 0;
}

/** With their shards and failures; answers how many. */
export async function removeCampaigns(sql: Sql, selection: Selection): Promise<number> {
  const { count } = await sql`delete from simcity_campaigns where name in (${oldCampaigns(sql, selection)})`;
  return count;
}

export interface Counted {
  status: TerminalStatus;
  runs: number;
  events: number;
  oldest: Date;
  newest: Date;
}

export async function countGoing(sql: Sql, selection: Selection): Promise<Counted[]> {
  return sql<Counted[]>`
    select status, count(*) as runs, sum(next_index)::bigint as events,
      min(created_at) as oldest, max(created_at) as newest
    from (${goes(sql, selection)}) going group by status order by status`;
}

/** Takes the next runs away, at most `limit`, and leaves their tombstones. `last` null: there are no more. */
export async function retireSome(
  sql: Sql,
  selection: Selection,
  after: string,
  limit: number,
): Promise<{ retired: number; last: string | null }> {
  const [row] = await sql<{ retired: number; last: string | null }[]>`
    select count(*) filter (where simcity_retire_run(id)) as retired, max(id::text) as last
    from (select id from (${goes(sql, selection)}) going where id > ${after} order by id limit ${limit}) batch`;
  return { retired: row?.retired ?? 0, last: row?.last ?? null };
}

/** The days that have partitions, as days since 1970. */
export async function partitionDays(sql: Sql): Promise<number[]> {
  const rows = await sql<{ day: number }[]>`select simcity_partition_days() as day`;
  return rows.map(({ day }) => day);
}

/** `busy`: readers or writers were in the way for as long as this waits, a second. */
export async function dropDay(sql: Sql, day: number): Promise<'dropped' | 'in use' | 'busy'> {
  try {
    return await sql.begin(async (tx) => {
      await tx`set local lock_timeout = '1s'`;
      const [row] = await tx<{ dropped: boolean }[]>`select simcity_drop_day(${day}::bigint) as dropped`;
      return row?.dropped ? 'dropped' : 'in use';
    });
  } catch (error) {
    if (errorCode(error) === '55P03') return 'busy';
    throw error;
  }
}

/** Runs whose history is not all gone yet, also of a prune that was broken off. */
export async function unpurged(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from simcity_pruned_runs where not purged order by id limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** Removes some of a run's history; answers how many rows. 0: all is gone. */
export async function purgeSome(sql: Sql, id: string, limit: number): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`select simcity_purge_run(${id}, ${limit}::bigint) as rows`;
  return row?.rows ?? 0;
}

/** Tombstones are kept so long after their run. */
const TOMBSTONE_DAYS = 400;

export async function forgetOldTombstones(sql: Sql): Promise<void> {
  await sql`delete from simcity_pruned_runs
    where purged and pruned_at < clock_timestamp() - ${TOMBSTONE_DAYS}::int * interval '1 day'`;
}

export interface Tombstone {
  id: string;
  prunedAt: Date;
}

/** The run of this number, if it was removed. */
export async function tombstoneOfNumber(sql: Sql, number: number): Promise<Tombstone | null> {
  const [row] = await sql<Tombstone[]>`
    select id, pruned_at as "prunedAt" from simcity_pruned_runs where number = ${number}`;
  return row ?? null;
}

/** Runs with an id between two that were removed, at most `limit`. */
export async function findTombstones(
  sql: Sql,
  low: string,
  high: string,
  limit: number,
): Promise<Tombstone[]> {
  return sql<Tombstone[]>`
    select id, pruned_at as "prunedAt" from simcity_pruned_runs
    where id between ${low} and ${high} order by id desc limit ${limit}`;
}
