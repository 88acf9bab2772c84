/** Nights of campaigns on a server: seeds that go first, and failures that are known from the beginning. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import {
  type CampaignStart,
  emptyTally,
  formatSignature,
  mergeTallies,
  type SeedRange,
  type Signature,
  type Tally,
  tallyOf,
  type Work,
  type WorkTo,
} from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedClaim, recordedStart } from '../helpers/recorded-campaign.ts';
import { startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
let server: RunningServer;
let api: Api;
beforeAll(async () => {
  postgres = await startTestPostgres();
  server = await startTestServer(await postgres.createDatabase());
  api = createApi({ url: server.url, token: undefined });
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

const OLD: Signature = { kind: 'invariant', invariant: 'no-overbooking', operation: null };
const NEW: Signature = { kind: 'linearizability', invariant: 'per-object-history', operation: 'book.ok' };

async function start(changes: Partial<CampaignStart>): Promise<string> {
  return (await api.startCampaign(recordedStart(randomUUID(), changes))).name;
}

async function claimed(campaign: string, seeds = 10): Promise<Work | null> {
  return (await api.claimWork(recordedClaim({ campaign, seeds }))).work;
}

async function shard(campaign: string, seeds = 10): Promise<WorkTo<'shard'>> {
  const work = await claimed(campaign, seeds);
  if (work?.do !== 'shard') throw new Error(`it is to ${work?.do} instead of executing a shard`);
  return work;
}

/** All seeds of it are through, and so many of them failed, the first ones. */
async function finish(work: WorkTo<'shard'>, failures: readonly Signature[]): Promise<void> {
  const seeds = seedsIn(work.seeds);
  const failed = failures.map((signature, i) => ({
    ...{ seed: seeds[i] ?? 0, signature, message: 'it broke', operations: 40 },
  }));
  const tally: Tally = mergeTallies(emptyTally(), tallyOf({ seeds, failures: failed, operations: 900 }));
  await api.finishShard(work.campaign.name, work.number, { fence: work.fence, tally, why: null });
}

function seedsIn(ranges: readonly SeedRange[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

it('executes the seeds that are to go first before all others, each once', async () => {
  const name = await start({
    first: [
      [50, 52],
      [70, 70],
    ],
    seeds: [[1, 100]],
  });
  const first = await shard(name, 3);
  expect(first.seeds).toEqual([[50, 52]]);
  const second = await shard(name, 3);
  expect(second.seeds).toEqual([[70, 70]]);
  const rest = await shard(name, 1_000);
  expect(rest.seeds).toEqual([
    [1, 49],
    [53, 69],
    [71, 100],
  ]);
  for (const work of [first, second, rest]) await finish(work, []);
  expect(await api.campaign(name)).toMatchObject({ state: 'done', seedsThrough: 100 });
});

it('counts a known failure, and records and ends for new ones alone', async () => {
  const known = [formatSignature(OLD), 'invariant/gone'];
  const name = await start({ known, untilNew: 1, seeds: [[1, 1_000]] });
  await finish(await shard(name), [OLD, OLD]);
  expect(await api.campaign(name)).toMatchObject({ state: 'running', failures: 1, seedsFailing: 2, known });
  await finish(await shard(name), [OLD, NEW]);
  expect(await api.campaign(name)).toMatchObject({ state: 'recording', endedBy: 'failures', failures: 2 });
  const record = await claimed(name);
  expect(record).toMatchObject({ do: 'record', signature: NEW });
  expect((await claimed(name))?.do).toBeUndefined();
  const { fence } = record as WorkTo<'record'>;
  const nothing = { run: null, smallest: null, why: 'it does not fail again', reproduce: null };
  await api.recordFinding(name, { fence, signature: NEW, ...nothing, state: 'over' });
  expect(await api.campaign(name)).toMatchObject({ state: 'done', seedsFailing: 4 });
});

it('has nothing to record where all that failed is known, and ends once more for one that is new', async () => {
  const name = await start({ known: [formatSignature(OLD)], seeds: [[1, 10]] });
  await finish(await shard(name, 10), [OLD]);
  expect(await api.campaign(name)).toMatchObject({ state: 'done', failures: 1 });
  await api.resumeCampaign(name, { seeds: [[11, 100]], budgetSeconds: null, untilNew: 1 });
  await finish(await shard(name, 10), [OLD]);
  expect(await api.campaign(name)).toMatchObject({ state: 'running' });
  await finish(await shard(name, 10), [NEW]);
  expect(await api.campaign(name)).toMatchObject({ state: 'recording', endedBy: 'failures' });
});
