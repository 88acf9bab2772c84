import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_BASE, apiErrorSchema, apiPath, runPageSchema, runSchema } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import {
  type Answer,
  call,
  eventsFrom,
  FakeHarness,
  launch,
  passed,
  startTestServer,
} from '../helpers/server.ts';

let postgres: TestPostgres;
let databaseUrl: string;
let sql: Sql;
let server: RunningServer;
beforeAll(async () => {
  postgres = await startTestPostgres();
  databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
  server = await startTestServer(databaseUrl);
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

const get = (path: string) => call(server.url, 'GET', path);
const post = (path: string, body?: unknown) => call(server.url, 'POST', path, body);
const runs = apiPath.runs();

function expectError(answer: Answer, status: number, code: string, ...words: string[]): void {
  expect({ status: answer.status, code: apiErrorSchema.parse(answer.body).error.code }).toEqual({
    status,
    code,
  });
  const { message } = apiErrorSchema.parse(answer.body).error;
  for (const word of words) expect(message).toContain(word);
}

async function begin(): Promise<FakeHarness> {
  const harness = new FakeHarness(server.url, (await launch(server.url)).id);
  await harness.claim(sql);
  return harness;
}

/** Sends exactly these headers, which fetch would not let a test do. */
function raw(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode ?? 0, headers: new Headers(), body: text && JSON.parse(text) });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('launching', () => {
  it('resolves every default, stores it, and answers 201 with the run', async () => {
    const answer = await post(runs, {});
    expect(answer.status).toBe(201);
    const run = runSchema.parse(answer.body);
    expect(answer.headers.get('location')).toBe(apiPath.run(run.id));
    expect(run).toMatchObject({ scenario: 'bookings', target: 'postgres', status: 'QUEUED', pass: null });
    expect(run.config).toMatchObject({ operations: 2_000, faults: 'rough', snapshotEvery: 10 });
    expect(run.seed).toBeLessThan(2 ** 31);
    expect((await get(apiPath.run(run.id))).body).toEqual(answer.body);
  });

  it('keeps what is asked for, and draws a fresh seed each time', async () => {
    const asked = {
      scenario: 'transfers',
      target: 'memory',
      seed: Number.MAX_SAFE_INTEGER,
      campaign: 'nightly',
      config: {
        operations: 5,
        faultRates: { delay: 0.5 },
        bug: 'no-idempotency',
        thresholds: ['p95_latency_ms<50'],
      },
    };
    expect(await launch(server.url, asked as never)).toMatchObject(asked);
    const target = 'http://127.0.0.1:3000';
    const rules = { keys: false, capacity: [1, 40], reads: { list: { staleMs: 2_000 } } };
    const service = {
      target,
      config: { rules, targets: [target, 'http://127.0.0.1:3001'], setupTimeoutSeconds: 90 },
    };
    expect(await launch(server.url, service as never)).toMatchObject(service);
    const gated = { target, runner: 'mine', config: { gate: 'keep', settle: 'sleep', pool: 4 } };
    expect(await launch(server.url, gated as never)).toMatchObject({
      ...{ target, config: { ...gated.config, operations: 2_000, durationSeconds: null } },
    });
    const seeds = await Promise.all([1, 2, 3].map(async () => (await launch(server.url)).seed));
    expect(new Set(seeds).size).toBe(3);
  });

  it.each([
    [{ config: { operations: -5 } }, ['config.operations', '-5', 'at least 1']],
    [{ config: { operations: 'many' } }, ['config.operations', '"many"', 'number']],
    [{ config: { faults: 'wild' } }, ['config.faults', '"wild"', 'none, calm, rough, brutal']],
    [{ config: { faultRates: { delay: 2 } } }, ['config.faultRates.delay', '2', 'at most 1']],
    [{ config: { rules: { keys: 'no' } } }, ['config.rules.keys', '"no"']],
    [{ config: { rules: { key: false } } }, ['config.rules', '"key"']],
    [{ target: 'memory', config: { rules: { keys: false } } }, ['the target is "memory"']],
    [
      { target: 'http://h:1', config: { rules: { cancelsBy: 'citizen', onePerCitizen: false } } },
      ['cancelsBy=citizen needs'],
    ],
    [{ target: 'http://h:1', config: { targets: ['http://h:2'] } }, ['the first of the targets']],
    [{ target: 'http://h:1', config: { targets: ['memory'] } }, ['config.targets', '"memory"']],
    [
      { target: 'http://h:1', config: { gate: 'keep' } },
      ['config.gate', 'commands never come through the API'],
    ],
    [{ config: { gate: 'keep' }, runner: 'mine' }, ['config.gate', 'the target is "postgres"']],
    [{ config: { faultRates: { 'backend-kill': 0.1 } } }, ['config.faultRates', 'this run has no gate']],
    [{ config: { opertions: 5 } }, ['config', '"opertions"']],
    [{ seeed: 5 }, ['"seeed"']],
    [{ seed: 1.5 }, ['seed', '1.5', 'whole number']],
    [{ seed: -1 }, ['seed', '-1', 'at least 0']],
    [{ scenario: '../x' }, ['scenario', '"../x"']],
    [{ target: 'ftp://x' }, ['target', '"ftp://x"', 'postgres, memory, or the http(s) URL']],
    [{ target: './service.ts' }, ['target', '"./service.ts"']],
    [[], ['the body', '[]', 'an object']],
  ])('refuses %j with a sentence that names the field and the value', async (body, words) => {
    expectError(await post(runs, body), 400, 'invalid_request', ...words);
  });

  it('refuses what is no JSON, no JSON type, too large, or not storable', async () => {
    const json = { 'content-type': 'application/json' };
    expectError(await raw('POST', runs, json, '{"seed":'), 400, 'invalid_request', 'no JSON');
    expectError(await raw('POST', runs, json, ''), 400, 'invalid_request', 'empty');
    expectError(
      await raw('POST', runs, { 'content-type': 'text/plain' }, '{}'),
      415,
      'unsupported_media_type',
      'application/json',
    );
    expectError(await raw('POST', runs, {}, '{}'), 415, 'unsupported_media_type', 'missing');
    const huge = `{"campaign":"${'x'.repeat(4 * 1024 * 1024)}"}`;
    expectError(await raw('POST', runs, json, huge), 413, 'too_large', '4 MiB');
    expectError(await post(runs, { campaign: 'a\0b' }), 422, 'unstorable_text', 'campaign');
  });
});

describe('finding runs', () => {
  it('takes an id, a prefix of one, or latest, and names the matches of an ambiguous prefix', async () => {
    const first = await launch(server.url);
    const second = await launch(server.url);
    expect((await get(apiPath.run('latest'))).body).toMatchObject({ id: second.id });
    expect((await get(apiPath.run(first.id.slice(0, 26)))).body).toMatchObject({ id: first.id });
    expect((await get(apiPath.run(first.id.toUpperCase()))).body).toMatchObject({ id: first.id });
    expect((await get(apiPath.run(first.id.replaceAll('-', '')))).body).toMatchObject({ id: first.id });
    expectError(await get(apiPath.run(first.id.slice(0, 4))), 409, 'ambiguous_run', second.id, first.id);
    expectError(await get(apiPath.run('ffff')), 404, 'not_found', 'ffff');
    expectError(await get(apiPath.run('no-run!')), 404, 'not_found', 'no-run!', 'latest');
    expectError(await get(apiPath.events('ffff')), 404, 'not_found');
    expectError(await get(apiPath.stream('ffff')), 404, 'not_found');
  });

  it('takes the number of a run, which goes before the beginning and the end of an id', async () => {
    const { id, number } = await launch(server.url);
    // Both would be found by these digits as well, were there no run of that number.
    const [like] = await sql<{ id: string }[]>`
      insert into simcity_runs (id, scenario, target, seed)
      values (${`${`${number}`.padEnd(8, '0')}-0000-4000-8000-${`${number}`.padStart(12, 'a')}`}, 'bookings', 'memory', 1)
      returning id`;
    for (const given of [`${number}`, `#${number}`]) {
      expect((await get(apiPath.run(given))).body).toMatchObject({ id, number });
      expect((await get(apiPath.events(given))).status).toBe(200);
      expect((await get(apiPath.snapshots(given))).status).toBe(200);
    }
    expect((await get(apiPath.run(`${like!.id.slice(0, 12)}`))).body).toMatchObject({ id: like!.id });
    // No number has a zero before it.
    expectError(await get(apiPath.run(`#0${number}`)), 404, 'not_found', 'is no run');
    expectError(await get(apiPath.run('#999999')), 404, 'not_found', 'There is no run #999999');
    expect((await post(apiPath.stop(`#${number}`))).body).toMatchObject({ id, status: 'STOPPED' });
    await sql`delete from simcity_runs where id = ${like!.id}`;
  });

  it('takes the end of an id, alone or as lists shorten it', async () => {
    const { id } = await launch(server.url);
    const head = id.slice(0, 8);
    const tail = id.slice(-12);
    for (const given of [tail, tail.toUpperCase(), `${head}…${tail}`, `${head}..${tail.slice(-8)}`]) {
      expect([given, (await get(apiPath.run(given))).body]).toMatchObject([given, { id }]);
    }
    const twin = `${head}-0000-7000-8000-${tail}`;
    await sql`insert into simcity_runs (id, scenario, target, seed) values (${twin}, 'bookings', 'memory', 1)`;
    expectError(await get(apiPath.run(tail)), 409, 'ambiguous_run', 'is the end of', id, twin);
    expectError(await get(apiPath.run(`${head}…0123456789`)), 404, 'not_found', 'There is no run');
    await sql`delete from simcity_runs where id = ${twin}`;
  });

  it('lists newest first, page by page, by status and by campaign', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift((await launch(server.url, { campaign: 'pages' })).id);
    const seen: string[] = [];
    let before = '';
    for (let page = 0; page < 3; page++) {
      const { runs: found, next } = runPageSchema.parse(
        (await get(`${runs}?campaign=pages&limit=2${before}`)).body,
      );
      seen.push(...found.map(({ id }) => id));
      expect(next === null).toBe(page === 2);
      before = `&before=${next}`;
    }
    expect(seen).toEqual(made);
    const { runs: queued } = runPageSchema.parse((await get(`${runs}?status=QUEUED&limit=1`)).body);
    expect(queued.map(({ id }) => id)).toEqual([made[0]]);
    expect(runPageSchema.parse((await get(`${runs}?status=FAIL`)).body).runs).toEqual([]);
    expectError(await get(`${runs}?status=DONE`), 400, 'invalid_request', 'status', '"DONE"', 'QUEUED');
    expectError(await get(`${runs}?limit=1000`), 400, 'invalid_request', 'limit', '"1000"', '200');
    expectError(await get(`${runs}?limit=x`), 400, 'invalid_request', 'limit', '"x"', 'whole number');
    expectError(await get(`${runs}?before=abc`), 400, 'invalid_request', 'before', '"abc"');
  });
});

describe('stopping', () => {
  it('stops a queued run at once, asks a running one, and says when it has ended', async () => {
    const queued = await launch(server.url);
    const stopped = await post(apiPath.stop(queued.id), { reason: 'not now' });
    expect(stopped).toMatchObject({
      status: 202,
      body: { status: 'STOPPED', stopReason: 'not now', pass: null },
    });
    expectError(await post(apiPath.stop(queued.id)), 409, 'run_ended', 'STOPPED');

    const harness = await begin();
    expect(await post(apiPath.stop(harness.runId), { reason: 'first' })).toMatchObject({ status: 202 });
    const again = await post(apiPath.stop(harness.runId), { reason: 'second' });
    expect(again).toMatchObject({ status: 202, body: { status: 'STOPPING', stopReason: 'first' } });
    expect((await harness.send(3)).body).toEqual({ next: 3, stop: { reason: 'first' } });
    expectError(
      await post(apiPath.stop(harness.runId), { reason: 5 }),
      400,
      'invalid_request',
      'reason',
      '5',
    );
    await harness.send(1, { end: { status: 'STOPPED', reason: 'first', failForensic: null } });
    expectError(await post(apiPath.stop(harness.runId)), 409, 'run_ended');
  });
});

describe('history', () => {
  it('is paged without a gap and answered as it was sent', async () => {
    const harness = await begin();
    await harness.send(95);
    const sent = eventsFrom(0, 95);
    const seen: unknown[] = [];
    let from: number | null = 0;
    while (from !== null) {
      const { body } = await get(`${apiPath.events(harness.runId)}?from=${from}&limit=40`);
      const page = body as { events: unknown[]; next: number | null };
      seen.push(...page.events);
      from = page.next;
    }
    expect(seen).toEqual(sent);
    expect((await get(`${apiPath.events(harness.runId)}?from=95`)).body).toEqual({ events: [], next: null });
    expectError(
      await get(`${apiPath.events(harness.runId)}?from=-1`),
      400,
      'invalid_request',
      'from',
      '"-1"',
    );
    expectError(await get(`${apiPath.events(harness.runId)}?limit=0`), 400, 'invalid_request', 'limit');
  });

  it('has snapshots, thinned on demand', async () => {
    const harness = await begin();
    await harness.send(100);
    const indexes = async (query: string) => {
      const { body } = await get(`${apiPath.snapshots(harness.runId)}${query}`);
      const page = body as { snapshots: { index: number; virtualMs: number }[]; next: number | null };
      for (const { index, virtualMs } of page.snapshots) expect(virtualMs).toBe(index / 2);
      return [...page.snapshots.map(({ index }) => index), page.next];
    };
    expect(await indexes('')).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89, 99, null]);
    expect(await indexes('?from=30&limit=2')).toEqual([39, 49, 59]);
    expect(await indexes('?every=3')).toEqual([9, 39, 69, 99, null]);
    expect(await indexes('?every=3&from=40&limit=1')).toEqual([69, 99]);
    expectError(await get(`${apiPath.snapshots(harness.runId)}?every=0`), 400, 'invalid_request', 'every');
  });

  it('is folded into the city after any event', async () => {
    const harness = await begin();
    const at = new Date().toISOString();
    const lines: [string, string, Record<string, unknown>][] = [
      [
        'start',
        'city',
        {
          slots: [
            { id: 'slot-0', capacity: 2, open: true },
            { id: 'slot-1', capacity: 1, open: false },
          ],
        },
      ],
      ['book.invoke', 'ann', { op: 1, slot: 'slot-0' }],
      ['book.ok', 'ann', { op: 1, slot: 'slot-0', booking: 'b1' }],
      ['cancel.invoke', 'ann', { op: 2, slot: 'slot-0', booking: 'b1' }],
      ['cancel.ok', 'ann', { op: 2, slot: 'slot-0', booking: 'b1' }],
      ['close.invoke', 'city', { op: 3, slot: 'slot-0' }],
      ['close.ok', 'city', { op: 3, slot: 'slot-0' }],
    ];
    await harness.post({
      events: lines.map(([type, actor, data], index) => ({
        index,
        at,
        virtualMs: index * 2,
        type,
        actor,
        data,
      })),
    });
    const state = async (query: string) => (await get(`${apiPath.state(harness.runId)}${query}`)).body;
    const other = { id: 'slot-1', capacity: 1, open: false, bookings: [], uncertain: 0 };
    expect(await state('?at=1')).toEqual({
      index: 1,
      virtualMs: 2,
      metrics: expect.objectContaining({ operations: 1, in_flight: 1, bookings: 0, slots_available: 1 }),
      slots: [{ id: 'slot-0', capacity: 2, open: true, bookings: [], uncertain: 1 }, other],
    });
    expect(await state('?at=2')).toMatchObject({
      slots: [{ bookings: [{ id: 'b1', citizen: 'ann' }], uncertain: 0 }, other],
    });
    expect(await state('')).toMatchObject({ index: 6, slots: [{ open: false, bookings: [] }, other] });
    expectError(await get(`${apiPath.state(harness.runId)}?at=7`), 404, 'not_found', '7', '6');
  });
});

describe('the rest', () => {
  it('answers errors in one shape for unknown paths and methods', async () => {
    expectError(await get('/nowhere'), 404, 'not_found', '/nowhere', 'openapi.json');
    expectError(await get(`${runs}/`), 404, 'not_found');
    expectError(await get(`${runs}/%zz`), 404, 'not_found');
    expectError(await call(server.url, 'DELETE', runs), 405, 'invalid_request', 'DELETE', 'GET and POST');
    expectError(await call(server.url, 'PUT', apiPath.run('latest')), 405, 'invalid_request', 'GET');
  });

  it('refuses names and origins that are not its own', async () => {
    expectError(await raw('GET', runs, { host: 'evil.example' }), 403, 'forbidden', 'evil.example');
    expectError(await raw('GET', '/healthz', { host: 'localhost.evil.example:1' }), 403, 'forbidden');
    expectError(await raw('GET', runs, { origin: 'http://evil.example' }), 403, 'forbidden', 'evil.example');
    expectError(await raw('GET', runs, { origin: 'null' }), 403, 'forbidden');
    expect((await raw('GET', runs, { origin: server.url })).status).toBe(200);
    expect((await raw('GET', runs, { host: `localhost:${new URL(server.url).port}` })).status).toBe(200);
  });

  it('is healthy, ready, and counts', async () => {
    expect((await get('/healthz')).body).toMatchObject({ status: 'ok' });
    expect((await get('/readyz')).body).toMatchObject({ status: 'ready' });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/^simcity_runs\{status="QUEUED"\} \d+$/m);
    expect(text).toMatch(/^simcity_events_ingested_total \d+$/m);
    expect(text).toMatch(/^simcity_listener_up 1$/m);
    expect(text).toMatch(/^simcity_http_request_duration_seconds_count\{kind="control",status="201"\} \d+$/m);
    expect(text).toMatch(/^process_cpu_seconds_total \S+$/m);
    for (const line of text.split('\n'))
      expect(line).toMatch(/^(|# (HELP|TYPE) .+|[a-z0-9_]+(\{.*\})? (NaN|[-+.e\d]+))$/);
  });

  it('describes every route in openapi.json', async () => {
    const { body } = await get('/openapi.json');
    const document = body as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: object };
    };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replace(API_BASE, '')}`),
    );
    expect(operations.sort()).toEqual(
      [
        'get /runs',
        'post /runs',
        'get /runs/{runId}',
        'get /runs/{runId}/events',
        'get /runs/{runId}/snapshots',
        'get /runs/{runId}/stream',
        'post /runs/{runId}/stop',
        'get /runs/{runId}/state',
        'post /runs/{runId}/telemetry',
        'put /runs/{runId}/smallest',
        'get /campaigns',
        'get /campaigns/{name}',
        'post /campaigns',
        'put /campaigns/{name}',
        'post /campaigns/{name}/stop',
        'post /campaigns/{name}/resume',
        'get /campaigns/{name}/shards',
        'get /campaigns/{name}/stream',
        'post /campaigns/{name}/shards/{number}/lease',
        'put /campaigns/{name}/shards/{number}',
        'put /campaigns/{name}/findings',
        'get /runners',
        'post /runners/claim',
        'get /tasks/waiting',
        ...['explain', 'shrink', 'verify'].flatMap((kind) => [
          `get /runs/{runId}/tasks/${kind}`,
          `post /runs/{runId}/tasks/${kind}`,
          `put /runs/{runId}/tasks/${kind}`,
          `delete /runs/{runId}/tasks/${kind}`,
          `post /runs/{runId}/tasks/${kind}/lease`,
        ]),
        'get /admin/simcity/session',
        'post /admin/simcity/session',
        'delete /admin/simcity/session',
        'get /healthz',
        'get /readyz',
        'get /metrics',
        'get /openapi.json',
      ].sort(),
    );
    expect(document.components.schemas).toMatchObject({
      Run: {
        properties: {
          generation: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
          version: { type: ['string', 'null'] },
        },
      },
    });
    const used = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name,
    );
    for (const name of used) expect(Object.keys(document.components.schemas)).toContain(name);
  });
});

describe('telemetry', () => {
  it('is idempotent, says what comes next, and refuses gaps and conflicts', async () => {
    const harness = await begin();
    expect(await harness.send(10)).toMatchObject({ status: 200, body: { next: 10, stop: null } });
    expect(await harness.post({ events: eventsFrom(5, 5) })).toMatchObject({
      status: 200,
      body: { next: 10 },
    });
    expect(await harness.post({ events: eventsFrom(5, 10) })).toMatchObject({
      status: 200,
      body: { next: 15 },
    });
    const gap = await harness.post({ events: eventsFrom(16, 1) });
    expectError(gap, 409, 'sequence_gap', '15');
    expect(apiErrorSchema.parse(gap.body).error.expected).toBe(15);
    const hole = [...eventsFrom(15, 1), ...eventsFrom(17, 1)];
    expectError(await harness.post({ events: hole }), 409, 'sequence_gap');
    const changed = eventsFrom(14, 1).map((event) => ({ ...event, data: { op: 'other' } }));
    expectError(await harness.post({ events: changed }), 409, 'sequence_conflict', '14');
    const { at } = eventsFrom(0, 1)[0]!;
    expectError(
      await harness.post({ snapshots: [{ index: 3, at, metrics: { bookings: 1 } }] }),
      409,
      'sequence_conflict',
      '3',
    );
    expectError(
      await harness.post({ snapshots: [{ index: 20, at, metrics: {} }] }),
      409,
      'sequence_gap',
      '20',
    );
    expect(await harness.post({})).toMatchObject({ status: 200, body: { next: 15 } });
    expect((await get(apiPath.run(harness.runId))).body).toMatchObject({
      status: 'RUNNING',
      startedAt: at,
      live: { eventIndex: 14, metrics: { bookings: 10 }, eventsPerSecond: 5 },
    });
  });

  it('needs the token of the run, and loses it with the lease', async () => {
    const harness = await begin();
    expectError(await post(apiPath.telemetry(harness.runId), {}), 401, 'unauthorized', 'Bearer');
    expectError(await harness.post({}, 'wrong'), 409, 'lease_lost');
    expectError(
      await new FakeHarness(server.url, '01890000-0000-7000-8000-000000000000').post({}),
      404,
      'not_found',
    );
    expectError(await new FakeHarness(server.url, 'latest').post({}), 404, 'not_found');
    await sql`select simcity_end_run(${harness.runId}, null, 'FAIL', 'gone', null)`;
    expectError(await harness.send(1), 409, 'lease_lost');
  });

  it('names the event whose text cannot be stored, and takes the next batch', async () => {
    const harness = await begin();
    for (const text of ['a\0b', 'half \ud800']) {
      const events = eventsFrom(0, 3);
      events[2]!.data = { deep: [{ text }] };
      expectError(await harness.post({ events }), 422, 'unstorable_text', 'Event 2');
    }
    const events = eventsFrom(0, 3);
    events[1]!.data = { fine: 'emoji \u{1F600} and a backslash \\u0000 and \u2028' };
    expect(await harness.post({ events })).toMatchObject({ status: 200, body: { next: 3 } });
    const { body } = await get(apiPath.events(harness.runId));
    expect(body).toMatchObject({ events: [{}, { data: events[1]!.data }, {}] });
  });

  it('ends a run once, and answers the last batch again', async () => {
    const harness = await begin();
    await harness.send(5);
    const [end] = eventsFrom(5, 1).map((event) => ({ ...event, type: 'end' }));
    expectError(await harness.post({ events: [end] }), 400, 'invalid_request', '"end"');
    expectError(await harness.post({ end: passed }), 400, 'invalid_request', 'end');
    expectError(
      await harness.post({ events: [end, ...eventsFrom(6, 1)], end: passed }),
      400,
      'invalid_request',
      'last',
    );
    expect(await harness.post({ events: [end], end: passed })).toMatchObject({
      status: 200,
      body: { next: 6 },
    });
    expect(await harness.post({ events: [end], end: passed })).toMatchObject({
      status: 200,
      body: { next: 6 },
    });
    expectError(await harness.post({ events: eventsFrom(6, 1) }), 409, 'lease_lost');
    expect((await get(apiPath.run(harness.runId))).body).toMatchObject({
      status: 'PASS',
      pass: true,
      durationSecondsActual: 0.005,
      failForensic: null,
    });
  });

  it('refuses malformed batches with the field', async () => {
    const harness = await begin();
    expectError(
      await harness.post({ events: [{ index: 'x' }] }),
      400,
      'invalid_request',
      'events[0].index',
      '"x"',
    );
    expectError(await harness.post('{'), 400, 'invalid_request', 'no JSON');
  });
});

it('answers 503 while the database is away, and works again afterwards', async () => {
  await postgres.killPostmaster();
  const statuses = new Set<number>();
  // The backends go on for a moment after the postmaster: until they too are gone there is nothing to see.
  for (let calm = 0; calm < 20 || !statuses.has(503); calm++) {
    const answer = await get(runs);
    statuses.add(answer.status);
    if (answer.status === 200) continue;
    calm = 0;
    expectError(answer, 503, 'unavailable', 'Try again');
  }
  expect([...statuses].sort()).toEqual([200, 503]);
});
