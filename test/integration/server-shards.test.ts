/** Work of campaigns in the database: cut lazily, held by a lease and a fence, taken from who is gone, refused to others. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import {
  apiPath,
  emptyTally,
  formatSignature,
  mergeTallies,
  type SeedFailure,
  type SeedRange,
  sizeOf,
  tallyOf,
  type WorkTo,
} from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { reapShards } from '../../server/db/shards.ts';
import type { RunningServer } from '../../server/server.ts';
import { tallyOfFinding } from '../helpers/campaign-findings.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import {
  OTHER_BUILD,
  recordedClaim,
  recordedFailure,
  recordedStart,
  recordedTally,
} from '../helpers/recorded-campaign.ts';
import { call, startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
let sql: Sql;
let server: RunningServer;
let api: Api;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
  server = await startTestServer(databaseUrl);
  api = createApi({ url: server.url, token: undefined });
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

type ShardWork = WorkTo<'shard'>;

async function claimed(change: Parameters<typeof recordedClaim>[0]): Promise<ShardWork> {
  const { work } = await api.claimWork(recordedClaim(change));
  if (work?.do !== 'shard') throw new Error('there is no shard to claim');
  return work;
}

const through = (work: ShardWork, seeds: readonly SeedRange[] = work.seeds) =>
  api.finishShard(work.campaign.name, work.number, {
    ...{ fence: work.fence, why: null },
    tally: recordedTally([...seeds]),
  });

/** As if the claimant had not been heard of for long, and a server had looked. */
async function lapse({ campaign, number }: ShardWork): Promise<void> {
  await sql`update simcity_campaign_shards set lease_until = clock_timestamp() - interval '1 second'
    where campaign = ${campaign.name} and number = ${number}`;
  await reapShards(sql, true);
}

const signature = (invariant: string) => ({ kind: 'invariant' as const, invariant, operation: null });

describe('shards', () => {
  it('are cut as they are claimed, as large as the claimant takes them, and no seed is in two', async () => {
    const seeds: SeedRange[] = [
      [1, 1_000_000_000],
      [2_000_000_000, 2_000_000_004],
    ];
    await api.startCampaign(recordedStart('lazy', { seeds }));
    const sizes = [1, 999, 5_000, 10_000_000];
    const works = await Promise.all(sizes.map((size) => claimed({ campaign: 'lazy', seeds: size })));
    expect(works.map((work) => sizeOf(work.seeds)).sort((a, b) => a - b)).toEqual(sizes);
    const [row] = await sql<{ disjoint: boolean; rows: number }[]>`
      select count(*) as rows, simcity_seeds_count(range_agg(seeds)) = sum(seeds_total) as disjoint
      from simcity_campaign_shards where campaign = 'lazy'`;
    expect(row).toEqual({ rows: 4, disjoint: true });
    expect(await api.campaign('lazy')).toMatchObject({ seedsTotal: 1_000_000_005, shards: { running: 4 } });
    await api.stopCampaign('lazy');
  });

  it('that a claimant gives back are claimed again, without what is through', async () => {
    await api.startCampaign(recordedStart('given-back', { seeds: [[1, 10]] }));
    const work = await claimed({ campaign: 'given-back' });
    for (let i = 0; i < 2; i++) {
      expect(
        await through(work, [
          [1, 3],
          [6, 6],
        ]),
      ).not.toBeNull();
    }
    const rest = await claimed({ campaign: 'given-back' });
    expect(rest.seeds).toEqual([
      [4, 5],
      [7, 10],
    ]);
    await through(rest);
    expect(await api.campaign('given-back')).toMatchObject({
      ...{ state: 'done', seedsThrough: 10, shards: { open: 0, running: 0, done: 2, lost: 0 } },
    });
  });

  it('of a claimant that is gone go to another, and its late result is refused', async () => {
    await api.startCampaign(recordedStart('fenced', { seeds: [[1, 10]] }));
    const first = await claimed({ campaign: 'fenced' });
    await lapse(first);
    // Also before another has claimed it.
    expect(await through(first)).toBeNull();
    const second = await claimed({ campaign: 'fenced' });
    expect(second).toMatchObject({ number: first.number, seeds: first.seeds });
    expect(second.fence).toBeGreaterThan(first.fence);
    const lease = { fence: first.fence, seedsThrough: 1, operations: 1 };
    expect(await api.renewShard('fenced', first.number, lease)).toBeNull();
    expect(await through(first)).toBeNull();
    expect((await api.campaign('fenced'))?.seedsThrough).toBe(0);
    await through(second);
    // The answer to it may have been lost: the same again is stored once.
    await through(second);
    expect(await api.campaign('fenced')).toMatchObject({ state: 'done', seedsThrough: 10, shardsLost: 0 });
  });

  it('that never come back are infrastructure’s after three attempts, and no failure', async () => {
    await api.startCampaign(recordedStart('lost', { seeds: [[1, 20]] }));
    for (let attempt = 1; attempt <= 3; attempt++) {
      const work = await claimed({ campaign: 'lost' });
      if (attempt < 3) await lapse(work);
      else {
        const result = { fence: work.fence, tally: emptyTally(), why: 'seed 1: a loop' };
        await api.finishShard('lost', work.number, result);
      }
    }
    const rest = await claimed({ campaign: 'lost' });
    expect(rest.seeds).toEqual([[11, 20]]);
    await through(rest);
    expect(await api.campaign('lost')).toMatchObject({
      ...{ state: 'done', shardsLost: 1, failures: 0, seedsThrough: 10 },
      shardsToSee: [{ number: 1, state: 'lost', attempts: 3, why: 'seed 1: a loop' }],
    });
    // It goes on with what was lost, where that is asked for.
    await api.resumeCampaign('lost', { seeds: [], budgetSeconds: null, untilNew: null });
    expect((await claimed({ campaign: 'lost' })).seeds).toEqual([[1, 10]]);
    await api.stopCampaign('lost');
  });

  it('take no seeds that are not theirs', async () => {
    await api.startCampaign(recordedStart('theirs', { seeds: [[1, 20]] }));
    const { number, fence } = await claimed({ campaign: 'theirs' });
    const tally = recordedTally([[10, 11]]);
    const answer = await call(server.url, 'PUT', apiPath.shard('theirs', number), {
      fence,
      tally,
      why: null,
    });
    expect(answer.status).toBe(400);
    await api.stopCampaign('theirs');
  });

  it('end with the budget: by time, and by distinct failures', async () => {
    await api.startCampaign(recordedStart('timed', { seeds: [[1, 1_000]], budgetSeconds: 3_600 }));
    const work = await claimed({ campaign: 'timed' });
    expect(work.secondsLeft).toBeGreaterThan(3_500);
    await sql`update simcity_campaigns set running_since = clock_timestamp() - interval '2 hours' where name = 'timed'`;
    const lease = { fence: work.fence, seedsThrough: 1, operations: 1 };
    expect(await api.renewShard('timed', work.number, lease)).toMatchObject({ isOver: true });
    expect((await api.claimWork(recordedClaim({ campaign: 'timed' }))).work).toBeNull();
    await through(work, [[1, 2]]);
    expect(await api.campaign('timed')).toMatchObject({ state: 'done', endedBy: 'time', seedsThrough: 2 });

    await api.startCampaign(recordedStart('found', { seeds: [[1, 1_000]], untilNew: 1, records: false }));
    const { campaign, number, fence, seeds } = await claimed({ campaign: 'found' });
    const tally = recordedTally(seeds, { failures: [recordedFailure()] });
    await api.finishShard(campaign.name, number, { fence, tally, why: null });
    expect(await api.campaign('found')).toMatchObject({ state: 'done', endedBy: 'failures', failures: 1 });
  });

  it('come to the same sum as anywhere else, whatever they are cut into and in which order they end', async () => {
    const seedOf = fc.record({
      operations: fc.nat(300),
      reached: fc.boolean(),
      invariant: fc.option(fc.constantFrom('a', 'b', 'c')),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(seedOf, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(6)),
        async (all, sizes) => {
          const name = `fold-${++round}`;
          await api.startCampaign(recordedStart(name, { seeds: [[1, all.length]], records: false }));
          const tallyOfSeeds = (ranges: readonly SeedRange[]) => {
            const seeds = ranges.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i));
            const failures = seeds.flatMap((seed): SeedFailure[] => {
              const { invariant = null, operations = 0 } = all[seed - 1] ?? {};
              return invariant === null
                ? []
                : [{ seed, operations, signature: signature(invariant), message: `seed ${seed}` }];
            });
            const reached = { 'a retry': seeds.filter((seed) => all[seed - 1]?.reached).length };
            return tallyOf({ seeds, failures, operations: seeds.length, reached }, seeds.length);
          };
          const works: ShardWork[] = [];
          for (let left = all.length; left > 0; ) {
            const work = await claimed({ campaign: name, seeds: (sizes[works.length] ?? 3) + 1 });
            works.push(work);
            left -= sizeOf(work.seeds);
          }
          for (const work of works.reverse()) {
            const result = { fence: work.fence, tally: tallyOfSeeds(work.seeds), why: null };
            await api.finishShard(name, work.number, result);
          }
          const whole = works.map(({ seeds }) => tallyOfSeeds(seeds)).reduce(mergeTallies, emptyTally());
          const campaign = await api.campaign(name);
          expect(campaign).toMatchObject({
            seedsThrough: all.length,
            operations: whole.operations,
            state: 'done',
          });
          expect(campaign?.reached).toEqual(whole.reached);
          const found = campaign?.findings.map(tallyOfFinding);
          const bySignature = (one: { signature: { invariant: string } }, other: typeof one) =>
            formatSignature(one.signature as never) < formatSignature(other.signature as never) ? -1 : 1;
          expect(found?.sort(bySignature)).toEqual(whole.failures);
        },
      ),
      { numRuns: 15, seed: 7 },
    );
  });
});

describe('a claimant', () => {
  it('executes what is of its build, its code and its labels, and is told of what is not', async () => {
    const code = 'c'.repeat(64);
    await api.startCampaign(recordedStart('build', { build: OTHER_BUILD, version: '9.9.9' }));
    await api.startCampaign(recordedStart('code', { code, target: 'module:./mine.ts' }));
    await api.startCampaign(recordedStart('label', { label: 'pg18' }));
    const refused = async (change: Parameters<typeof recordedClaim>[0]) => {
      const { work, refused } = await api.claimWork(recordedClaim(change));
      return [work?.campaign.name ?? null, ...refused.map(({ campaign, why }) => `${campaign}: ${why}`)];
    };
    const isOf = { campaign: 'build' };
    expect(await refused(isOf)).toEqual([null, 'build: build']);
    expect(await refused({ ...isOf, build: OTHER_BUILD })).toEqual(['build']);
    expect(await refused({ campaign: 'code' })).toEqual([null, 'code: code']);
    expect(await refused({ campaign: 'code', code: 'd'.repeat(64) })).toEqual([null, 'code: code']);
    expect(await refused({ campaign: 'code', code })).toEqual(['code']);
    expect(await refused({ campaign: 'label' })).toEqual([null]);
    expect(await refused({ campaign: 'label', labels: ['pg17', 'pg18'] })).toEqual(['label']);
    for (const name of ['build', 'code', 'label']) await api.stopCampaign(name);
  });

  it('is listed with what it does, from its first claim on', async () => {
    await api.startCampaign(recordedStart('listed'));
    const { number, fence } = await claimed({ campaign: 'listed', runner: 'lister', labels: ['pg18'] });
    const lister = async () => (await api.runners()).runners.find(({ name }) => name === 'lister');
    expect(await lister()).toMatchObject({
      ...{ host: 'here', labels: ['pg18'], hasCode: false, work: { campaign: 'listed', shard: number } },
    });
    await api.finishShard('listed', number, { fence, tally: emptyTally(), why: null });
    expect((await lister())?.work).toBeNull();
    await api.stopCampaign('listed');
  });

  it('records what failed once the shards are over: one at a time, and never twice', async () => {
    await api.startCampaign(recordedStart('recording', { seeds: [[1, 10]] }));
    const shard = await claimed({ campaign: 'recording' });
    const failures = [
      recordedFailure(),
      recordedFailure({ signature: signature('unique-booking'), seed: 3 }),
    ];
    const tally = recordedTally(shard.seeds, { failures });
    await api.finishShard('recording', shard.number, { fence: shard.fence, tally, why: null });
    expect((await api.campaign('recording'))?.state).toBe('recording');
    const claim = async () => (await api.claimWork(recordedClaim({ campaign: 'recording' }))).work;
    const [one, two] = [await claim(), await claim()];
    if (one?.do !== 'record' || two?.do !== 'record') throw new Error('nothing is to be recorded');
    expect([one.signature, two.signature]).toEqual(failures.map((each) => each.signature));
    expect(await claim()).toBeNull();
    const record = { run: null, smallest: 2, why: '', reproduce: 'simcity run', state: 'over' as const };
    // Of a claimant that is gone another goes on.
    await sql`update simcity_campaign_findings set lease_until = clock_timestamp() where campaign = 'recording'
      and signature_text = ${formatSignature(two.signature)}`;
    const heir = await claim();
    if (heir?.do !== 'record') throw new Error('nobody goes on with it');
    const { signature: of, fence } = two;
    expect(await api.recordFinding('recording', { ...record, signature: of, fence })).toBeNull();
    for (const work of [one, heir]) {
      await api.recordFinding('recording', { ...record, signature: work.signature, fence: work.fence });
    }
    const done = await api.campaign('recording');
    expect(done).toMatchObject({ state: 'done', findings: [{ smallest: 2 }, { smallest: 2 }] });
  });
});
