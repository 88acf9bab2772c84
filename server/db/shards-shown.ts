/** Shards and claimants in the database, for people: SQL in, contract types out. */
import type { Runner, Shard } from '../contract/index.ts';
import type { Sql } from './client.ts';

/** Of one campaign, beside the counts. */
const MOST_SHOWN = 100;
const MOST_RUNNERS = 1_000;

type ShardRow = Omit<Shard, 'seenAt'> & { seenAt: Date };

const columns = (sql: Sql) => sql`
  number, state, simcity_seeds_json(seeds) as seeds, seeds_total as "seedsTotal", seeds_through as "seedsThrough",
  operations, runner, attempts, seen_at as "seenAt", why`;

/** The newest first, `limit` at most; `before`: only those below this number. */
export async function listShards(
  sql: Sql,
  campaign: string,
  { before, limit }: { before: number | null; limit: number },
): Promise<Shard[]> {
  const rows = await sql<ShardRow[]>`
    select ${columns(sql)} from simcity_campaign_shards
    where campaign = ${campaign} ${before === null ? sql`` : sql`and number < ${before}`}
    order by number desc limit ${limit}`;
  return rows.map(toShard);
}

/** Those under way, those that were lost, and those that wait again. */
export async function shardsToSee(sql: Sql, campaign: string): Promise<Shard[]> {
  const rows = await sql<ShardRow[]>`
    select ${columns(sql)} from simcity_campaign_shards
    where campaign = ${campaign} and state <> 'done'
    order by state = 'open', state = 'lost', number limit ${MOST_SHOWN}`;
  return rows.map(toShard);
}

/** Those heard of last first. */
export async function listRunners(sql: Sql): Promise<Runner[]> {
  const rows = await sql<
    (Omit<Runner, 'work' | 'seenAt'> & { campaign: string | null; shard: number | null; seenAt: Date })[]
  >`
    select name, host, version, build, labels, has_code as "hasCode", campaign, shard, seen_at as "seenAt",
      greatest(0, extract(epoch from clock_timestamp() - seen_at))::float8 as "silentSeconds"
    from simcity_runners where seen_at > clock_timestamp() - interval '1 day'
    order by seen_at desc limit ${MOST_RUNNERS}`;
  return rows.map(({ campaign, shard, seenAt, ...rest }) => ({
    ...rest,
    work: campaign === null ? null : { campaign, shard },
    seenAt: seenAt.toISOString(),
  }));
}

function toShard({ seenAt, ...rest }: ShardRow): Shard {
  return { ...rest, seenAt: seenAt.toISOString() };
}

/** What there is to do for campaigns, and who does it, for metrics. */
export interface WorkCounts {
  campaigns: number;
  running: number;
  open: number;
  lost: number;
  /** Claimants that were heard of in the last minute. */
  runners: number;
}

export async function countWork(sql: Sql): Promise<WorkCounts> {
  const [row] = await sql<WorkCounts[]>`
    select (select count(*) from simcity_campaigns where state in ('running', 'recording')) as campaigns,
      count(*) filter (where s.state = 'running') as running, count(*) filter (where s.state = 'open') as open,
      count(*) filter (where s.state = 'lost') as lost,
      (select count(*) from simcity_runners where seen_at > clock_timestamp() - interval '1 minute') as runners
    from simcity_campaign_shards s where s.state <> 'done'`;
  return row ?? { campaigns: 0, running: 0, open: 0, lost: 0, runners: 0 };
}
