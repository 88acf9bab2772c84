/** Explanations as a resource: asked for, worked at under a lease, answered by its holder alone, cancelled, removed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import {
  apiErrorSchema,
  apiPath,
  type EndReport,
  EXPLANATION_LIMIT_BYTES,
  type Why,
} from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { type Answer, call, FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';

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

const why: Why = {
  version: 1,
  source: 'statements',
  kind: 'stale-check',
  name: 'G2, phantom',
  sentence: 'two bookings counted the same free seats before either committed',
  conclusion: [],
  lanes: [],
  steps: [],
  pair: null,
  cures: [],
  reduction: 'ops=48,50',
  notAsAsked: 0,
  executions: 9,
  seconds: 1.5,
};
const progress = { stage: 'giving the turn to B', executions: 4 };
const failed: EndReport = { status: 'FAIL', reason: null, failForensic: recordedForensic() };

async function ended(end: EndReport): Promise<string> {
  const { id } = await launch(server.url);
  const harness = new FakeHarness(server.url, id);
  await harness.claim(sql);
  await harness.send(3, { end });
  expect((await api.run(id)).status).toBe(end.status);
  return id;
}

/** As if the holder had not been heard of for long. */
const lapse = (run: string) =>
  sql`update simcity_explanations set lease_until = clock_timestamp() - interval '1 second' where run_id = ${run}`;

function codeOf({ status, body }: Answer) {
  return [status, apiErrorSchema.parse(body).error.code];
}

describe('an explanation', () => {
  it('is there once it has been asked for, worked at with progress, and answered', async () => {
    const run = await ended(failed);
    const path = apiPath.explanation(run);
    expect(codeOf(await call(server.url, 'GET', path))).toEqual([404, 'not_found']);
    expect(await api.explanation(run)).toBeNull();
    const asked = await call(server.url, 'POST', path);
    expect([asked.status, asked.body]).toEqual([202, { state: 'pending', progress: null }]);
    const holder = randomUUID();
    expect(await api.leaseExplanation(run, { holder })).toBeGreaterThan(5);
    expect(await api.leaseExplanation(run, { holder, renews: true, progress })).toBeGreaterThan(5);
    expect(await api.explanation(run)).toEqual({ state: 'pending', progress });
    // What was said last stays when nothing new is.
    await api.leaseExplanation(run, { holder, renews: true });
    expect(await api.explanation(run)).toEqual({ state: 'pending', progress });
    expect(await api.storeExplanation(run, holder, { state: 'ready', why })).toEqual({ state: 'ready', why });
    // An answer that got lost on its way back may be sent again.
    expect(await api.storeExplanation(run, holder, { state: 'ready', why })).toEqual({ state: 'ready', why });
    expect(await api.leaseExplanation(run, { holder, renews: true })).toBeNull();
    expect(await api.askExplanation(run)).toEqual({ state: 'ready', why });
    expect(codeOf(await call(server.url, 'DELETE', path))).toEqual([409, 'invalid_request']);
    expect(await api.askExplanation(run, { again: true })).toEqual({ state: 'pending', progress: null });
  });

  it('waits in the list of runs from a moment after it was asked for until somebody is at work on it', async () => {
    const run = await ended(failed);
    await ended(failed);
    const waiting = async () => (await api.runs({ explanation: 'waiting' })).runs.map(({ id }) => id);
    await api.askExplanation(run);
    // Whoever asks in order to work at it is not overtaken.
    expect(await waiting()).not.toContain(run);
    await sql`update simcity_explanations set asked_at = asked_at - interval '5 seconds' where run_id = ${run}`;
    expect(await waiting()).toEqual([run]);
    const holder = randomUUID();
    await api.leaseExplanation(run, { holder });
    expect(await waiting()).toEqual([]);
    await lapse(run);
    expect(await waiting()).toEqual([run]);
    await api.leaseExplanation(run, { holder });
    await api.storeExplanation(run, holder, { state: 'none', reason: 'nothing was found out' });
    expect(await waiting()).toEqual([]);
  });

  it('is refused for a run that has not failed', async () => {
    const path = apiPath.explanation(await ended(passed));
    expect(codeOf(await call(server.url, 'POST', path))).toEqual([409, 'invalid_request']);
    expect(codeOf(await call(server.url, 'DELETE', path))).toEqual([404, 'not_found']);
    const lease = await call(server.url, 'POST', `${path}/lease`, { holder: randomUUID() });
    expect(codeOf(lease)).toEqual([404, 'not_found']);
  });

  it('is worked at by one at a time, and taken over only once the lease has lapsed', async () => {
    const run = await ended(failed);
    await api.askExplanation(run);
    const holders = Array.from({ length: 8 }, () => randomUUID());
    const taken = await Promise.all(holders.map((holder) => api.leaseExplanation(run, { holder })));
    expect(taken.filter((seconds) => seconds !== null)).toHaveLength(1);
    const first = holders[taken.findIndex((seconds) => seconds !== null)] as string;
    await api.leaseExplanation(run, { holder: first, renews: true, progress });
    const second = randomUUID();
    expect(await api.leaseExplanation(run, { holder: second })).toBeNull();
    expect(await api.storeExplanation(run, second, { state: 'ready', why })).toBeNull();
    await lapse(run);
    expect(await api.explanation(run)).toEqual({ state: 'pending', progress: null });
    // A renewal takes nothing over.
    expect(await api.leaseExplanation(run, { holder: second, renews: true })).toBeNull();
    expect(await api.leaseExplanation(run, { holder: second })).toBeGreaterThan(5);
    expect(await api.explanation(run)).toEqual({ state: 'pending', progress: null });
    expect(await api.leaseExplanation(run, { holder: first, renews: true })).toBeNull();
    expect(await api.storeExplanation(run, first, { state: 'ready', why })).toBeNull();
    const none = { state: 'none', reason: 'its time was up' } as const;
    expect(await api.storeExplanation(run, second, none)).toEqual(none);
  });

  it('is cancelled, which its holder learns, and can be asked for again', async () => {
    const run = await ended(failed);
    await api.askExplanation(run);
    const holder = randomUUID();
    await api.leaseExplanation(run, { holder, progress });
    const none = { state: 'none', reason: 'cancelled' };
    expect(await api.cancelExplanation(run)).toEqual(none);
    expect(await api.cancelExplanation(run)).toEqual(none);
    expect(await api.leaseExplanation(run, { holder, renews: true })).toBeNull();
    expect(await api.storeExplanation(run, holder, { state: 'ready', why })).toBeNull();
    expect(await api.askExplanation(run)).toEqual({ state: 'pending', progress: null });
    // The one that was cancelled does not go on with what another has asked for since.
    expect(await api.leaseExplanation(run, { holder, renews: true })).toBeNull();
    expect(await api.leaseExplanation(run, { holder: randomUUID() })).toBeGreaterThan(5);
  });

  it('is bounded, of the right form, storable, and without what looks like a secret', async () => {
    const run = await ended(failed);
    await api.askExplanation(run);
    const holder = randomUUID();
    await api.leaseExplanation(run, { holder });
    const put = (result: unknown) => call(server.url, 'PUT', apiPath.explanation(run), { holder, result });
    const large = { ...why, conclusion: ['x'.repeat(EXPLANATION_LIMIT_BYTES)] };
    expect(codeOf(await put({ state: 'ready', why: large }))).toEqual([413, 'too_large']);
    expect(codeOf(await put({ state: 'pending' }))).toEqual([400, 'invalid_request']);
    expect(codeOf(await put({ state: 'ready', why: { ...why, kind: 'bad luck' } }))).toEqual([
      400,
      'invalid_request',
    ]);
    const nul = { ...why, sentence: 'a\0b' };
    expect(codeOf(await put({ state: 'ready', why: nul }))).toEqual([422, 'unstorable_text']);
    const secret = { ...why, sentence: 'it read postgres://me:hunter22@db/shop' };
    expect((await put({ state: 'ready', why: secret })).body).toMatchObject({
      why: { sentence: 'it read postgres://***@db/shop' },
    });
  });

  it('goes with its run', async () => {
    const run = await ended(failed);
    await api.askExplanation(run);
    await sql`select simcity_prune_run(${run})`;
    expect([...(await sql`select run_id from simcity_explanations where run_id = ${run}`)]).toEqual([]);
    expect(codeOf(await call(server.url, 'GET', apiPath.explanation(run)))).toEqual([410, 'pruned']);
  });
});
