/**
 * Every query about campaigns, as API, screens and claimants send them, where one campaign has a million shards of a hundred
 * million seeds. What is asserted is work, which a busy machine does not change: blocks read, and no scan over the shards; how
 * long each took, in ms, is printed.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  campaignImportSchema,
  campaignStartSchema,
  MOST_FINDINGS,
  MOST_RANGES,
  type SeedRange,
} from '../../server/contract/index.ts';
import {
  findCampaign,
  importCampaign,
  listCampaigns,
  resumeCampaign,
  startCampaign,
  stopCampaign,
} from '../../server/db/campaigns.ts';
import type { Sql } from '../../server/db/client.ts';
import { claimWork, finishShard, reapShards, recordFinding, renewShard } from '../../server/db/shards.ts';
import { countWork, listRunners, listShards } from '../../server/db/shards-shown.ts';
import { RUNS_LIMIT } from '../../server/routes/parameters.ts';
import { median } from '../bench/measure.ts';
import { fillLargeCampaign, LARGE, LARGE_SHARD } from '../helpers/large-campaign.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import {
  recordedClaim,
  recordedFailure,
  recordedImport,
  recordedStart,
  recordedTally,
} from '../helpers/recorded-campaign.ts';

const ROUNDS = 7;
/** Of as many ranges as there may be, and the only one that its claimant works for. */
const SPARSE = 'sparse';
const sparse = Array.from({ length: MOST_RANGES }, (_, i): SeedRange => [3 * i, 3 * i + 1]);

let postgres: TestPostgres;
let one: Awaited<ReturnType<Sql['reserve']>>;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const sql = postgres.open(await postgres.createDatabase());
  await fillLargeCampaign(sql);
  await startCampaign(sql, campaignStartSchema.parse(recordedStart(SPARSE, { seeds: sparse })));
  one = await sql.reserve();
});
afterAll(async () => {
  one?.release();
  await postgres.close();
});

/** Medians, by query. */
const took = new Map<string, number>();
const page = { before: null, limit: RUNS_LIMIT + 1 };
const signature = { kind: 'invariant' as const, invariant: 'property-1', operation: null };
const failures = Array.from({ length: MOST_FINDINGS }, (_, i) =>
  recordedFailure({ signature: { ...signature, invariant: `property-${i + 1}` } }),
);
const record = { run: null, smallest: 2, why: '', reproduce: 'simcity run', state: 'over' as const };
const more = { seeds: [], budgetSeconds: 60, untilNew: 3 };

/** With the blocks that each may read: table, index and overflow. */
const QUERIES: Record<string, [number, (sql: Sql) => Promise<unknown>]> = {
  'the newest campaigns': [1_500, (sql) => listCampaigns(sql, page)],
  'older campaigns': [1_500, (sql) => listCampaigns(sql, { ...page, before: 'other-500' })],
  'a campaign': [500, (sql) => findCampaign(sql, LARGE)],
  'its newest shards': [600, (sql) => listShards(sql, LARGE, page)],
  'shards in its midst': [600, (sql) => listShards(sql, LARGE, { ...page, before: 500_000 })],
  claimants: [50, (sql) => listRunners(sql)],
  metrics: [300, (sql) => countWork(sql)],
  'a start': [50, (sql) => startCampaign(sql, campaignStartSchema.parse(recordedStart('new')))],
  'an import': [
    15_000,
    (sql) =>
      importCampaign(
        sql,
        'new',
        campaignImportSchema.parse(recordedImport({ tally: recordedTally(sparse, { failures }) })),
      ),
  ],
  'a claim of a shard that waits': [300, (sql) => claimWork(sql, recordedClaim())],
  'a claim that cuts a shard': [1_000, (sql) => claimWork(sql, recordedClaim({ campaign: SPARSE }))],
  'a claim without work': [
    800,
    (sql) => claimWork(sql, recordedClaim({ labels: [], campaign: 'other-100' })),
  ],
  'a renewal': [150, (sql) => renewShard(sql, LARGE_SHARD, { fence: 1, seedsThrough: 50, operations: 1 })],
  'a result': [
    20_000,
    (sql) =>
      finishShard(sql, LARGE_SHARD, {
        fence: 1,
        why: null,
        tally: recordedTally([[99_999_901, 100_000_000]], { failures }),
      }),
  ],
  'a record': [50, (sql) => recordFinding(sql, 'other-1', { ...record, signature, fence: 0 })],
  'a look for claimants that are gone': [1_500, (sql) => reapShards(sql, true)],
  'a stop': [100, (sql) => stopCampaign(sql, LARGE)],
  'a resumption': [100, (sql) => resumeCampaign(sql, LARGE, more)],
};

afterAll(() => {
  console.log([...took].map(([name, ms]) => `${ms.toFixed(1).padStart(7)} ms  ${name}`).join('\n'));
});

it.each(Object.entries(QUERIES))('%s', async (name, [most, query]) => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await one`begin`;
    const before = await workSoFar();
    const begun = performance.now();
    await query(one);
    times.push(performance.now() - begun);
    const after = await workSoFar();
    await one`rollback`;
    expect(after.scans - before.scans).toBe(0);
    expect(after.blocks - before.blocks).toBeLessThan(most);
  }
  took.set(name, median(times));
});

interface Work {
  /** Of shared memory, whether they were there or had to be read from disk. */
  blocks: number;
  /** Over all shards. */
  scans: number;
}

/** Of all in the transaction. */
async function workSoFar(): Promise<Work> {
  const [work] = await one<Work[]>`
    select (select sum(pg_stat_get_xact_blocks_fetched(oid))::bigint from pg_class
        where relnamespace in ('public'::regnamespace, 'pg_toast'::regnamespace)) as blocks,
      (select seq_scan from pg_stat_xact_user_tables where relname = 'simcity_campaign_shards') as scans`;
  if (work === undefined) throw new Error('nothing is counted');
  return work;
}
