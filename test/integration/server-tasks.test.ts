/** Tasks as a resource: asked for, worked at under a lease, answered by its holder alone, cancelled, removed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import {
  apiErrorSchema,
  apiPath,
  type EndReport,
  type Shrunk,
  TASK_LIMIT_BYTES,
  type TaskEnd,
  type Verified,
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
const shrunk: Shrunk = { operations: 4, operationsBefore: 120, minimal: true, executions: 212, seconds: 1.9 };
const event = {
  at: '2026-01-31T12:00:00.000Z',
  virtualMs: 3,
  actor: 'citizen-004',
  data: { slot: 'slot-002' },
};
const verified: Verified = {
  ...{
    identical: false,
    common: 7,
    endedBy: null,
    versions: [],
    renamed: null,
    difference: null,
    seconds: 0.8,
  },
  parting: {
    index: 7,
    left: { ...event, index: 7, type: 'book.ok' },
    right: { ...event, index: 7, type: 'book.refused' },
    differences: [{ path: 'type', left: 'book.ok', right: 'book.refused' }],
    ...{ before: [], leftAfter: [], rightAfter: [] },
  },
};
const ready: TaskEnd<'explain'> = { state: 'ready', result: why };
const progress = { stage: 'giving the turn to B', executions: 4, operations: 17, seconds: 2 };
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
  sql`update simcity_tasks set lease_until = clock_timestamp() - interval '1 second' where run_id = ${run}`;

function codeOf({ status, body }: Answer) {
  return [status, apiErrorSchema.parse(body).error.code];
}

describe.each([
  ['explain', why],
  ['shrink', shrunk],
  ['verify', verified],
] as const)('the task to %s', (kind, result) => {
  const ready = { state: 'ready', result } as TaskEnd;
  it('is there once it has been asked for, worked at with progress, and answered', async () => {
    const run = await ended(failed);
    const path = apiPath.task(run, kind);
    expect(codeOf(await call(server.url, 'GET', path))).toEqual([404, 'not_found']);
    expect(await api.task(run, kind)).toBeNull();
    const asked = await call(server.url, 'POST', path);
    expect([asked.status, asked.body]).toEqual([202, { state: 'pending', progress: null }]);
    const holder = randomUUID();
    expect(await api.leaseTask(run, kind, { holder })).toBeGreaterThan(5);
    expect(await api.leaseTask(run, kind, { holder, renews: true, progress })).toBeGreaterThan(5);
    expect(await api.task(run, kind)).toEqual({ state: 'pending', progress });
    // What was said last stays when nothing new is.
    await api.leaseTask(run, kind, { holder, renews: true });
    expect(await api.task(run, kind)).toEqual({ state: 'pending', progress });
    expect(await api.endTask(run, kind, holder, ready)).toEqual(ready);
    // An answer that got lost on its way back may be sent again.
    expect(await api.endTask(run, kind, holder, ready)).toEqual(ready);
    expect(await api.leaseTask(run, kind, { holder, renews: true })).toBeNull();
    expect(await api.askTask(run, kind)).toEqual(ready);
    expect(codeOf(await call(server.url, 'DELETE', path))).toEqual([409, 'invalid_request']);
    expect(await api.askTask(run, kind, { again: true })).toEqual({ state: 'pending', progress: null });
  });
});

describe('a task', () => {
  it('waits in a list from a moment after it was asked for until somebody is at work on it', async () => {
    await sql`delete from simcity_tasks`;
    const run = await ended(failed);
    await ended(failed);
    const waiting = async () => (await api.waitingTasks(50)).tasks;
    const own = [{ runId: run, kind: 'explain' }];
    await api.askTask(run, 'explain');
    // Whoever asks in order to work at it is not overtaken.
    expect(await waiting()).not.toContainEqual(own[0]);
    await sql`update simcity_tasks set asked_at = asked_at - interval '5 seconds' where run_id = ${run}`;
    expect(await waiting()).toEqual(own);
    const holder = randomUUID();
    await api.leaseTask(run, 'explain', { holder });
    expect(await waiting()).toEqual([]);
    await lapse(run);
    expect(await waiting()).toEqual(own);
    await api.leaseTask(run, 'explain', { holder });
    await api.endTask(run, 'explain', holder, { state: 'none', reason: 'nothing was found out' });
    expect(await waiting()).toEqual([]);
  });

  it('waits in the order in which it was asked for, whatever its kind', async () => {
    await sql`delete from simcity_tasks`;
    const [first, second] = [await ended(failed), await ended(passed)];
    await api.askTask(second, 'verify');
    await api.askTask(first, 'shrink');
    await api.askTask(first, 'verify');
    await sql`update simcity_tasks set asked_at = asked_at - interval '5 seconds' where run_id in (${first}, ${second})`;
    expect((await api.waitingTasks(2)).tasks).toEqual([
      { runId: second, kind: 'verify' },
      { runId: first, kind: 'shrink' },
    ]);
  });

  it.each(['explain', 'shrink'] as const)('to %s is refused for a run that has not failed', async (kind) => {
    const path = apiPath.task(await ended(passed), kind);
    expect(codeOf(await call(server.url, 'POST', path))).toEqual([409, 'invalid_request']);
    expect(codeOf(await call(server.url, 'DELETE', path))).toEqual([404, 'not_found']);
    const lease = await call(server.url, 'POST', `${path}/lease`, { holder: randomUUID() });
    expect(codeOf(lease)).toEqual([404, 'not_found']);
  });

  it('to verify is for every run that has ended, and for no other', async () => {
    const pending = { state: 'pending', progress: null };
    expect(await api.askTask(await ended(passed), 'verify')).toEqual(pending);
    const { id } = await launch(server.url);
    expect(codeOf(await call(server.url, 'POST', apiPath.task(id, 'verify')))).toEqual([
      409,
      'invalid_request',
    ]);
  });

  it('is asked for once: whoever asks while it is pending joins', async () => {
    const run = await ended(failed);
    await api.askTask(run, 'shrink');
    const holder = randomUUID();
    await api.leaseTask(run, 'shrink', { holder, progress });
    expect(await api.askTask(run, 'shrink', { again: true })).toEqual({ state: 'pending', progress });
    expect(await api.leaseTask(run, 'shrink', { holder, renews: true })).toBeGreaterThan(5);
    // Another kind is another task.
    expect(await api.task(run, 'verify')).toBeNull();
  });

  it('is worked at by one at a time, and taken over only once the lease has lapsed', async () => {
    const run = await ended(failed);
    await api.askTask(run, 'explain');
    const holders = Array.from({ length: 8 }, () => randomUUID());
    const taken = await Promise.all(holders.map((holder) => api.leaseTask(run, 'explain', { holder })));
    expect(taken.filter((seconds) => seconds !== null)).toHaveLength(1);
    const first = holders[taken.findIndex((seconds) => seconds !== null)] as string;
    await api.leaseTask(run, 'explain', { holder: first, renews: true, progress });
    const second = randomUUID();
    expect(await api.leaseTask(run, 'explain', { holder: second })).toBeNull();
    expect(await api.endTask(run, 'explain', second, ready)).toBeNull();
    await lapse(run);
    expect(await api.task(run, 'explain')).toEqual({ state: 'pending', progress: null });
    // A renewal takes nothing over.
    expect(await api.leaseTask(run, 'explain', { holder: second, renews: true })).toBeNull();
    expect(await api.leaseTask(run, 'explain', { holder: second })).toBeGreaterThan(5);
    expect(await api.task(run, 'explain')).toEqual({ state: 'pending', progress: null });
    expect(await api.leaseTask(run, 'explain', { holder: first, renews: true })).toBeNull();
    expect(await api.endTask(run, 'explain', first, ready)).toBeNull();
    const none = { state: 'none', reason: 'its time was up' } as const;
    expect(await api.endTask(run, 'explain', second, none)).toEqual(none);
  });

  it('is cancelled, which its holder learns, and can be asked for again', async () => {
    const run = await ended(failed);
    await api.askTask(run, 'explain');
    const holder = randomUUID();
    await api.leaseTask(run, 'explain', { holder, progress });
    const none = { state: 'none', reason: 'cancelled' };
    expect(await api.cancelTask(run, 'explain')).toEqual(none);
    expect(await api.cancelTask(run, 'explain')).toEqual(none);
    expect(await api.leaseTask(run, 'explain', { holder, renews: true })).toBeNull();
    expect(await api.endTask(run, 'explain', holder, ready)).toBeNull();
    expect(await api.askTask(run, 'explain')).toEqual({ state: 'pending', progress: null });
    // The one that was cancelled does not go on with what another has asked for since.
    expect(await api.leaseTask(run, 'explain', { holder, renews: true })).toBeNull();
    expect(await api.leaseTask(run, 'explain', { holder: randomUUID() })).toBeGreaterThan(5);
  });

  it('is bounded, of the right form, storable, and without what looks like a secret', async () => {
    const run = await ended(failed);
    await api.askTask(run, 'explain');
    const holder = randomUUID();
    await api.leaseTask(run, 'explain', { holder });
    const put = (end: unknown) => call(server.url, 'PUT', apiPath.task(run, 'explain'), { holder, end });
    const large = { ...why, conclusion: ['x'.repeat(TASK_LIMIT_BYTES)] };
    expect(codeOf(await put({ state: 'ready', result: large }))).toEqual([413, 'too_large']);
    expect(codeOf(await put({ state: 'pending' }))).toEqual([400, 'invalid_request']);
    expect(codeOf(await put({ state: 'ready', result: { ...why, kind: 'bad luck' } }))).toEqual([
      400,
      'invalid_request',
    ]);
    const nul = { ...why, sentence: 'a\0b' };
    expect(codeOf(await put({ state: 'ready', result: nul }))).toEqual([422, 'unstorable_text']);
    const secret = { ...why, sentence: 'it read postgres://me:hunter22@db/shop' };
    expect((await put({ state: 'ready', result: secret })).body).toMatchObject({
      result: { sentence: 'it read postgres://***@db/shop' },
    });
  });

  it('goes with its run', async () => {
    const run = await ended(failed);
    await api.askTask(run, 'explain');
    await sql`select simcity_prune_run(${run})`;
    expect([...(await sql`select run_id from simcity_tasks where run_id = ${run}`)]).toEqual([]);
    expect(codeOf(await call(server.url, 'GET', apiPath.task(run, 'explain')))).toEqual([410, 'pruned']);
  });
});
