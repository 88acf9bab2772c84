/** Campaigns as a resource: started, stopped, gone on with, imported, listed, followed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import { apiErrorSchema, apiPath, campaignPageSchema, campaignSchema } from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import {
  recordedClaim,
  recordedFailure,
  recordedImport,
  recordedStart,
  recordedTally,
} from '../helpers/recorded-campaign.ts';
import { type Answer, call, launch, startTestServer } from '../helpers/server.ts';

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

function refusal({ status, body }: Answer) {
  const { code, message } = apiErrorSchema.parse(body).error;
  return [status, code, message];
}

const post = (path: string, body: unknown = {}) => call(server.url, 'POST', path, body);
const put = (path: string, body: unknown) => call(server.url, 'PUT', path, body);
const claim = (campaign: string) => api.claimWork(recordedClaim({ campaign }));

describe('a campaign', () => {
  it('is started once, also when the call is made twice, and another of its name is refused', async () => {
    const start = recordedStart('nightly');
    for (let i = 0; i < 2; i++) {
      expect(await api.startCampaign(start)).toMatchObject({
        ...{ name: 'nightly', state: 'running', seedsTotal: 60, seedsThrough: 0, findings: [] },
      });
    }
    expect(refusal(await post(apiPath.campaigns(), recordedStart('nightly')))).toEqual([
      409,
      'invalid_request',
      expect.stringContaining('another campaign "nightly"'),
    ]);
  });

  it('is refused for what no claimant could execute', async () => {
    for (const [wrong, why] of [
      [{ build: null }, /build is null/],
      [{ target: 'module:./mine.ts' }, /needs `code`/],
      [{ target: 'http://me:secret@host' }, /holds a user or a password/],
      [{ config: { ...recordedStart('x').config, bug: 'no-such-bug' } }, /config\.bug/],
    ] as const) {
      const answer = await post(apiPath.campaigns(), recordedStart('wrong', wrong));
      expect(refusal(answer), String(why)).toEqual([400, 'invalid_request', expect.stringMatching(why)]);
    }
    for (const wrong of [{ seeds: [] }, { name: 'n'.repeat(101) }, { cut: 1 }]) {
      const answer = await post(apiPath.campaigns(), { ...recordedStart('wrong'), ...wrong });
      expect(answer.status).toBe(400);
    }
    expect(await api.campaign('wrong')).toBeNull();
  });

  it('is stopped once nothing of it is under way, and goes on with more seeds', async () => {
    await api.startCampaign(recordedStart('stopped'));
    const { work } = await claim('stopped');
    if (work?.do !== 'shard') throw new Error('no shard');
    expect(await api.stopCampaign('stopped')).toMatchObject({ state: 'running', endedBy: 'stop' });
    const lease = { fence: work.fence, seedsThrough: 3, operations: 30 };
    expect(await api.renewShard('stopped', work.number, lease)).toMatchObject({ isOver: true });
    expect((await claim('stopped')).work).toBeNull();
    // What is through is stored, and the rest is claimed again once it goes on.
    const tally = recordedTally([[1, 4]]);
    await api.finishShard('stopped', work.number, { fence: work.fence, tally, why: null });
    expect(await api.campaign('stopped')).toMatchObject({ state: 'stopped', seedsThrough: 4 });
    const more = { seeds: [[50, 70]] as [number, number][], budgetSeconds: null, untilNew: null };
    expect(await api.resumeCampaign('stopped', more)).toMatchObject({
      ...{ state: 'running', endedBy: null, seedsTotal: 70, seeds: [[1, 70]] },
    });
    expect((await claim('stopped')).work).toMatchObject({ seeds: [[5, 10]] });
    const again = await post(apiPath.resumeCampaign('stopped'), { ...more, seeds: [] });
    expect(refusal(again)).toEqual([409, 'invalid_request', expect.stringContaining('goes on already')]);
  });

  it('that was executed without a server is imported, again with more in it, and is gone on with elsewhere', async () => {
    const run = await launch(server.url, { campaign: 'imported' });
    const secret = 'postgres://me:hunter2@db/x said no';
    const first = recordedImport({
      state: 'stopped',
      tally: recordedTally([[1, 20]], { failures: [recordedFailure({ message: secret })] }),
      records: [{ run: run.id, smallest: 3, why: '', reproduce: 'simcity run --seed 7' }],
      at: '2001-01-01T00:00:00.000Z',
    });
    expect(await api.importCampaign('imported', first)).toMatchObject({
      ...{ state: 'stopped', seedsThrough: 20, failures: 1, updatedAt: first.at },
      findings: [{ seeds: 4, smallest: 3, run: { id: run.id, number: run.number } }],
    });
    expect(JSON.stringify(await api.campaign('imported'))).not.toContain('hunter2');
    const later = { ...first, state: 'done' as const, tally: recordedTally([[1, 60]]), records: [] };
    expect(await api.importCampaign('imported', later)).toMatchObject({ state: 'done', seedsThrough: 60 });
    expect((await put(apiPath.campaign('imported'), recordedImport())).status).toBe(409);
    const resume = { seeds: [], budgetSeconds: null, untilNew: null };
    expect(refusal(await post(apiPath.resumeCampaign('imported'), resume))[2]).toContain('without a server');
    expect((await claim('imported')).work).toBeNull();
  });

  it('that is not there is said to be so', async () => {
    for (const answer of [
      await call(server.url, 'GET', apiPath.campaign('none')),
      await call(server.url, 'GET', apiPath.shards('none')),
      await call(server.url, 'GET', apiPath.campaignStream('none')),
      await post(apiPath.stopCampaign('none')),
      await post(apiPath.resumeCampaign('none'), { seeds: [], budgetSeconds: null, untilNew: null }),
    ]) {
      expect(refusal(answer).slice(0, 2)).toEqual([404, 'not_found']);
    }
  });
});

it('the list has the newest first, in pages', async () => {
  for (const year of [2001, 2003, 2002]) {
    const at = `${year}-01-01T00:00:00.000Z`;
    await api.importCampaign(`old-${year}`, recordedImport({ at }));
  }
  const names: string[] = [];
  for (let before: string | null = null; ; ) {
    const query: string = before === null ? '' : `&before=${before}`;
    const { body } = await call(server.url, 'GET', `${apiPath.campaigns()}?limit=2${query}`);
    const page = campaignPageSchema.parse(body);
    names.push(...page.campaigns.map(({ name }) => name));
    before = page.next;
    if (before === null) break;
  }
  expect(names.filter((name) => name.startsWith('old-'))).toEqual(['old-2003', 'old-2002', 'old-2001']);
  expect(new Set(names).size).toBe(names.length);
});

it('the stream tells of each change, and ends with the campaign', async () => {
  await api.startCampaign(recordedStart('followed', { seeds: [[1, 8]] }));
  const { body } = await fetch(server.url + apiPath.campaignStream('followed'));
  if (body === null) throw new Error('no stream');
  const through: number[] = [];
  let text = '';
  let isGoing = false;
  for await (const bytes of body) {
    text += Buffer.from(bytes).toString();
    for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
      const [event = '', data = ''] = text.slice(0, at).split('\n');
      text = text.slice(at + 2);
      if (event === 'event: campaign')
        through.push(campaignSchema.parse(JSON.parse(data.slice(6))).seedsThrough);
      else expect(event).toBe('event: end');
    }
    if (isGoing || through.length === 0) continue;
    isGoing = true;
    const { work } = await claim('followed');
    if (work?.do !== 'shard') throw new Error('no shard');
    const result = { fence: work.fence, tally: recordedTally([[1, 8]]), why: null };
    await api.finishShard('followed', work.number, result);
  }
  expect(through[0]).toBe(0);
  expect(through.at(-1)).toBe(8);
});
