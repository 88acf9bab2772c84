/** Campaigns as a resource: reported by their conductor alone, listed, shown with their failures and recorded runs. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import { apiErrorSchema, apiPath, campaignPageSchema, MOST_SAMPLES } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedCampaign, recordedFinding } from '../helpers/recorded-campaign.ts';
import { type Answer, call, launch, startTestServer } from '../helpers/server.ts';

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

const finding = recordedFinding();
const report = recordedCampaign;

/** As if the conductor had not been heard of for long. */
const lapse = (name: string) =>
  sql`update simcity_campaigns set lease_until = clock_timestamp() - interval '1 second' where name = ${name}`;

function refusal({ status, body }: Answer) {
  const { code, message } = apiErrorSchema.parse(body).error;
  return [status, code, message];
}

const put = (name: string, body: unknown) => call(server.url, 'PUT', apiPath.campaign(name), body);

describe('a campaign', () => {
  it('is as its conductor reports it, also when a report comes twice', async () => {
    const run = await launch(server.url, { campaign: 'nightly' });
    const first = report();
    expect(await api.reportCampaign('nightly', first)).toBeGreaterThan(5);
    expect(await api.campaign('nightly')).toMatchObject({
      ...{ name: 'nightly', state: 'running', scenario: 'bookings', target: 'memory', seeds: [[1, 60]] },
      ...{ seedsTotal: 60, seedsThrough: 20, seedsFailing: 4, failures: 1, operations: 4_000, seconds: 2.5 },
      course: first.course,
      findings: [finding],
    });
    const later = {
      ...first,
      ...{ begins: false, state: 'done' as const, seedsThrough: 60 },
      findings: [
        { ...finding, seeds: 9, smallest: 3, reproduce: 'simcity run --seed 7', run: run.id },
        {
          ...finding,
          signature: { ...finding.signature, invariant: 'unique-booking' },
          seeds: 1,
          run: randomUUID(),
        },
      ],
    };
    for (let i = 0; i < 2; i++) expect(await api.reportCampaign('nightly', later)).toBe(0);
    const campaign = await api.campaign('nightly');
    expect(campaign).toMatchObject({ state: 'done', seedsThrough: 60, seedsFailing: 10, failures: 2 });
    // The run of the second one is none of this server.
    expect(campaign?.findings.map(({ seeds, smallest, run: of }) => ({ seeds, smallest, run: of }))).toEqual([
      { seeds: 9, smallest: 3, run: { id: run.id, number: run.number } },
      { seeds: 1, smallest: null, run: null },
    ]);
  });

  it('is conducted by one alone: the second is refused by name, until the lease of the first lapses', async () => {
    const first = report();
    await api.reportCampaign('fought-over', first);
    const second = { ...first, holder: randomUUID() };
    const held = [409, 'lease_lost', expect.stringMatching(/"fought-over" is conducted by another process/)];
    expect(refusal(await put('fought-over', second))).toEqual(held);
    expect(refusal(await put('fought-over', { ...second, begins: false }))).toEqual(held);
    await lapse('fought-over');
    expect((await api.campaign('fought-over'))?.state).toBe('lost');
    expect(refusal(await put('fought-over', { ...second, begins: false }))).toEqual(held);
    expect((await put('fought-over', second)).status).toBe(200);
    // Whoever has lost it cannot overwrite what the other has reported, not even after that one's end.
    expect(refusal(await put('fought-over', { ...first, begins: false }))).toEqual(held);
    await api.reportCampaign('fought-over', { ...second, begins: false, state: 'interrupted' });
    expect(refusal(await put('fought-over', { ...first, begins: false }))).toEqual(held);
    expect((await api.campaign('fought-over'))?.state).toBe('interrupted');
    // Whoever knows that the one before is gone need not wait for the lease.
    await api.reportCampaign('fought-over', second);
    const third = { ...first, holder: randomUUID() };
    expect(refusal(await put('fought-over', { ...third, after: randomUUID() }))).toEqual(held);
    expect((await put('fought-over', { ...third, after: second.holder })).status).toBe(200);
    expect(refusal(await put('fought-over', { ...second, begins: false }))).toEqual(held);
  });

  it('is not overwritten by another of the same name, not even after its end', async () => {
    await api.reportCampaign('taken', report({ state: 'done' }));
    const answer = await put('taken', report());
    expect(refusal(answer)).toEqual([
      409,
      'lease_lost',
      expect.stringMatching(/"taken" is another one here/),
    ]);
    expect((await api.campaign('taken'))?.state).toBe('done');
  });

  it('that two begin at the same instant is begun by one of them', async () => {
    const one = report();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => put('race', { ...one, holder: randomUUID() })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
  });

  it('is masked where it looks like a secret, and refused where it is more than is kept', async () => {
    const message = 'postgres://me:hunter2@db/x said no';
    await api.reportCampaign('masked', report({ findings: [{ ...finding, message }] }));
    expect(JSON.stringify(await api.campaign('masked'))).not.toContain('hunter2');
    const course = Array.from({ length: MOST_SAMPLES + 1 }, (_, i) => ({
      seconds: i,
      seeds: i,
      operations: i,
    }));
    for (const wrong of [
      { ...report(), course },
      { ...report(), seed: 1 },
      { ...report(), state: 'lost' },
    ]) {
      expect((await put('wrong', wrong)).status).toBe(400);
    }
    expect((await put('n'.repeat(101), report())).status).toBe(400);
    expect((await put('\0', report())).status).toBe(422);
    expect(await api.campaign('wrong')).toBeNull();
  });
});

it('the list has the newest first, in pages', async () => {
  const at = (year: number) => `${year}-01-01T00:00:00.000Z`;
  for (const year of [2001, 2003, 2002])
    await api.reportCampaign(`old-${year}`, report({ state: 'done', at: at(year) }));
  const names: string[] = [];
  for (let before: string | null = null; ; ) {
    const query: string = before === null ? '' : `&before=${before}`;
    const { body } = await call(server.url, 'GET', `${apiPath.campaigns()}?limit=2${query}`);
    const page = campaignPageSchema.parse(body);
    names.push(...page.campaigns.map(({ name }) => name));
    before = page.next;
    if (before === null) break;
  }
  expect(names.slice(-3)).toEqual(['old-2003', 'old-2002', 'old-2001']);
  expect(new Set(names).size).toBe(names.length);
  expect((await api.campaign('old-2003'))?.updatedAt).toBe(at(2003));
});
