/** A control plane that has seen much: one campaign of a hundred million seeds among a thousand others. */
import type { Sql } from '../../server/db/client.ts';
import { BUILD, OTHER_BUILD, recordedStart } from './recorded-campaign.ts';

export const LARGE = 'large';
/** As many seeds are left as are through. */
const SEEDS_THROUGH = 100_000_000;
/** Far more than claimants cut, which execute one for 15 s. */
const SHARDS = 1_000_000;
/** Updated since the table was vacuumed: a fifth of all, at which autovacuum comes. */
const SHARDS_UNVACUUMED = 200_000;
const RUNNERS = 50;
const SHARDS_OPEN = 20;
const SHARDS_LOST = 30;
/** Under way until the end, when some of them come back. */
const SHARDS_AT_ONCE = RUNNERS + SHARDS_OPEN + SHARDS_LOST;
const FINDINGS = 500;
const OTHERS = 1_000;
const FINDINGS_OF_OTHERS = 20;

/** One that is executed. */
export const LARGE_SHARD = { campaign: LARGE, number: SHARDS };

/** Fills the tables of a migrated database in the shape in which claims and results leave them. */
export async function fillLargeCampaign(sql: Sql): Promise<void> {
  await addOthers(sql);
  const start = JSON.stringify(recordedStart(LARGE, { seeds: [[1, 2 * SEEDS_THROUGH]] }));
  await sql`select simcity_start_campaign(${start}::text::jsonb)`;
  await sql`alter table simcity_campaign_shards set (autovacuum_enabled = off)`;
  await sql.unsafe(addShards('done', 1, SHARDS - SHARDS_UNVACUUMED));
  await sql`vacuum simcity_campaign_shards`;
  await sql.unsafe(executeShards);
  await sql`update simcity_campaign_shards set lease_until = null, why = 'Its claimant is not heard of any more.', seeds_through = 0,
      state = case when number <= ${SHARDS - RUNNERS - SHARDS_OPEN} then 'lost' else 'open' end
    where campaign = ${LARGE} and state = 'running' and number <= ${SHARDS - RUNNERS}`;
  await sql`update simcity_campaigns set shards = ${SHARDS}, seeds_through = ${SEEDS_THROUGH}, operations = ${SEEDS_THROUGH * 50},
      uncut = seeds - int8multirange(int8range(1, ${SEEDS_THROUGH + 1}))
    where name = ${LARGE}`;
  await addFindings(sql, FINDINGS, LARGE);
  await sql`insert into simcity_runners (name, host, version, build, labels, has_code, campaign, shard)
    select 'runner-' || i, 'host-' || i, '0.2.0', ${BUILD}, '{}', false, ${LARGE}, ${SHARDS - RUNNERS}::int + i
    from generate_series(0, ${RUNNERS}::int - 1) as i`;
  await sql`analyze`;
}

/** `from` and `to`: numbers, or expressions of SQL for them. */
function addShards(state: 'running' | 'done', from: number | string, to: number | string): string {
  const size = SEEDS_THROUGH / SHARDS;
  const lease = state === 'running' ? `clock_timestamp() + interval '1 day'` : 'null';
  return `insert into simcity_campaign_shards
      (campaign, number, seeds, seeds_total, state, attempts, runner, lease_until, seeds_through, operations)
    select '${LARGE}', n, int8multirange(int8range((n - 1) * ${size} + 1, n * ${size} + 1)), ${size}, '${state}', 1,
      'runner-' || n % ${RUNNERS}, ${lease}, ${size}, ${50 * size}
    from generate_series(${from}, ${to}) as n`;
}

/** Claimed, watched and done in turn, each step in a transaction of its own; the last are under way. */
const executeShards = `do $$
  begin
    perform set_config('synchronous_commit', 'off', false);
    for lowest in ${SHARDS - SHARDS_UNVACUUMED + 1}..${SHARDS} by ${SHARDS_AT_ONCE} loop
      update simcity_campaign_shards set state = 'done', lease_until = null where campaign = '${LARGE}' and state = 'running';
      commit;
      ${addShards('running', 'lowest', `lowest + ${SHARDS_AT_ONCE - 1}`)};
      perform count(*) from simcity_campaign_shards where campaign = '${LARGE}' and state <> 'done';
      commit;
    end loop;
  end $$`;

/** Most are over; the rest are older than the large one, and of a build that its claimants do not have. */
async function addOthers(sql: Sql): Promise<void> {
  const { scenario, target, config, generation, version, build } = recordedStart('', { build: OTHER_BUILD });
  await sql`insert into simcity_campaigns (name, id, scenario, target, config, generation, version, build, seeds, uncut,
      seeds_total, records, state, running_since, created_at)
    select 'other-' || i, gen_random_uuid(), ${scenario}, ${target}, ${JSON.stringify(config)}::text::jsonb, ${generation}::int,
      ${version}, ${build}, '{[1,61)}', '{[1,61)}', 60, true,
      (array['running', 'recording', 'stopped'] || array_fill('done'::text, array[17]))[1 + i % 20],
      case when i % 20 = 0 then clock_timestamp() end, clock_timestamp() - make_interval(hours => i)
    from generate_series(1, ${OTHERS}::int) as i`;
  await sql`insert into simcity_campaign_shards (campaign, number, seeds, seeds_total, state, attempts, runner, seeds_through)
    select 'other-' || i, n, int8multirange(int8range(n, n + 1)), 1, 'done', 1, 'runner-1', 1
    from generate_series(1, ${OTHERS}::int) as i, generate_series(1, 20) as n`;
  await addFindings(sql, FINDINGS_OF_OTHERS, 'other-%');
}

/** Of each campaign whose name is like this one. */
async function addFindings(sql: Sql, count: number, name: string): Promise<void> {
  await sql`insert into simcity_campaign_findings
      (campaign, signature_text, signature, message, seeds, first_seed, seed, operations, operations_until, reproduce)
    select c.name, 'invariant/property-' || i || '/-', jsonb_build_object('kind', 'invariant', 'invariant', 'property-' || i, 'operation', null),
      repeat('what was found ', 12), 7, i, i, 100, array_fill(1::bigint, array[8]), repeat('simcity run ', 20)
    from simcity_campaigns as c, generate_series(1, ${count}::int) as i where c.name like ${name}`;
  await sql`update simcity_campaigns set failures = ${count}, seeds_failing = 7 * ${count}::int where name like ${name}`;
}
