/** Telemetry pushed to a Supabase project: the official client, a stand-in for PostgREST, and a real PostgreSQL. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PostgrestClient } from '@supabase/postgrest-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpSink, type HttpSinkOptions } from '../../runner/telemetry/http.ts';
import { createSupabasePoster } from '../../runner/telemetry/supabase.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { readMigrations } from '../../server/db/migrate.ts';
import { grantRoles } from '../../server/db/roles.ts';
import type { RunningServer } from '../../server/server.ts';
import { asRole, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { keyOf, PostgrestStandIn } from '../helpers/postgrest-stand-in.ts';
import { eventsFrom, FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';
import { createProject } from '../helpers/supabase-project.ts';

let postgres: TestPostgres;
let url: string;
let sql: Sql;
let project: PostgrestStandIn;
let server: RunningServer;
let key: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await createProject(postgres);
  sql = postgres.open(url);
  // Each file is one message, and so one implicit transaction, as with `supabase db push`.
  for (const { text } of await readMigrations()) await sql.unsafe(text).simple();
  project = await new PostgrestStandIn(asRole(url, 'authenticator', 'a')).listen();
  key = await keyOf('service_role');
  server = await startTestServer(url);
});
afterEach(() => {
  project.script = () => 'take';
});
afterAll(async () => {
  await server?.stop();
  await project?.close();
  await postgres?.close();
});

it('gets no roles of a team: those that it has would be locked out', async () => {
  const none = { simcity_server: null, simcity_runner: null, simcity_city: null };
  await expect(grantRoles(sql, none)).rejects.toMatchObject({
    code: 'roles_refused',
    message: expect.stringContaining('Supabase'),
  });
  const made = await sql`select from pg_roles where rolname in ${sql(Object.keys(none))}`;
  expect(made).toHaveLength(0);
});

interface Claimed {
  runId: string;
  token: string;
}

async function claim(): Promise<Claimed> {
  const { id: runId } = await launch(server.url, { seed: 7, target: 'memory' });
  const token = randomBytes(16).toString('hex');
  await sql`select from simcity_claim_run('test', 60, ${createHash('sha256').update(token).digest()}, ${runId})`;
  return { runId, token };
}

function sinkOf(run: Claimed, more: Partial<HttpSinkOptions> = {}): HttpSink {
  const poster = (timeoutMs: number) => createSupabasePoster({ url: project.url, key }, run, timeoutMs);
  return new HttpSink({
    serverUrl: server.url,
    ...run,
    poster,
    limits: { retryFirstMs: 1, batchItems: 7 },
    ...more,
  });
}

const push = (run: Claimed, batch: unknown) =>
  createSupabasePoster({ url: project.url, key }, run, 15_000).post(
    typeof batch === 'string' ? batch : JSON.stringify(batch),
    new AbortController().signal,
  );

/** All that is stored of a run, but for what differs from run to run. */
async function rowsOf(runId: string): Promise<unknown> {
  const [stored] = await sql`select
    (select to_jsonb(r) - '{id,number,created_at,lease_expires_at,last_token_hash,ingest_token_hash,runner,reproduce,epochs}'::text[]
      from simcity_runs r where id = ${runId}) as run,
    (select jsonb_agg(jsonb_build_array(idx, at, virtual_ms, type, actor, data::text) order by idx)
      from simcity_run_events where run_id = ${runId}) as events,
    (select jsonb_agg(jsonb_build_array(idx, at, metrics::text) order by idx)
      from simcity_run_snapshots where run_id = ${runId}) as snapshots,
    (select jsonb_build_array(status, event_index, metrics::text) from simcity_run_live where run_id = ${runId}) as live`;
  return stored;
}

describe('a run whose telemetry goes to a Supabase project', () => {
  it('leaves the same rows as one that goes to the server, also when answers are lost', async () => {
    const byServer = await claim();
    const harness = new FakeHarness(server.url, byServer.runId);
    Object.assign(harness, { token: byServer.token });
    await harness.send(25);
    expect(await harness.send(16, { end: passed })).toMatchObject({ status: 200 });

    project.script = (request) => (request % 3 === 0 ? 'lose-the-answer' : 'take');
    const byProject = await claim();
    const sink = sinkOf(byProject);
    for (const event of eventsFrom(0, 41)) {
      await sink.event(event.index === 40 ? { ...event, type: 'end' } : event);
      if (event.index % 10 === 9)
        await sink.snapshot({ index: event.index, at: event.at, metrics: { bookings: event.index } });
      sink.live({ bookings: event.index + 1 });
    }
    await sink.end(passed);
    const stored = await rowsOf(byProject.runId);
    expect(stored).toEqual(await rowsOf(byServer.runId));
    expect(stored).toMatchObject({ run: { status: 'PASS', next_index: 41 } });
  });

  /** A run of which 20 events are stored, with the attempt that is to repeat them. */
  async function repeating(): Promise<Claimed> {
    const { runId, token } = await claim();
    expect(await push({ runId, token }, { events: eventsFrom(0, 20) })).toMatchObject({ kind: 'accepted' });
    await sql`select simcity_lose_run(${runId}, 1, simcity_harness_forensic(${runId}, 'harness-lost', 'gone'))`;
    const again = randomBytes(16).toString('hex');
    await sql`select from simcity_claim_run('test', 60, ${createHash('sha256').update(again).digest()}, ${runId})`;
    return { runId, token: again };
  }

  const later = (from: number, count: number) =>
    eventsFrom(from, count).map((event) => ({ ...event, at: event.at.replace('2025', '2026') }));

  it('is compared when the run is executed again, and goes on behind what is stored', async () => {
    const run = await repeating();
    project.script = (request) => (request % 3 === 0 ? 'lose-the-answer' : 'take');
    const sink = sinkOf(run);
    for (const event of later(0, 31))
      await sink.event(event.index === 30 ? { ...event, type: 'end' } : event);
    await sink.end(passed);
    const [stored] = await sql`
      select count(*) as events, count(*) filter (where at < '2026-01-01') as first, r.status
      from simcity_run_events e join simcity_runs r on r.id = e.run_id where r.id = ${run.runId} group by r.status`;
    expect(stored).toEqual({ events: 31, first: 20, status: 'PASS' });
  });

  it('that differs from what is stored is refused for good, and the run has ended with that', async () => {
    const run = await repeating();
    const failed = Promise.withResolvers<Error>();
    const sink = sinkOf(run, { onFailure: failed.resolve });
    for (const event of later(0, 20)) {
      try {
        await sink.event(event.index === 12 ? { ...event, actor: 'somebody else' } : event);
      } catch {
        break;
      }
    }
    expect(await failed.promise).toMatchObject({
      code: 'not_deterministic',
      message: expect.stringContaining('the event with index 12 differs'),
    });
    expect(await rowsOf(run.runId)).toMatchObject({
      run: {
        ...{ status: 'STOPPED', pass: null, stop_reason: 'not-deterministic' },
        fail_forensic: { kind: 'not-deterministic', eventIndex: 12 },
      },
      events: { length: 21 },
    });
  });

  it('is told to whoever listens, and hears of a stop', async () => {
    const run = await claim();
    const told = Promise.withResolvers<string>();
    const { unlisten } = await sql.listen('simcity_run', (id) => id === run.runId && told.resolve(id));
    const stop = Promise.withResolvers<string | null>();
    const sink = sinkOf(run, { onStop: (reason) => stop.resolve(reason) });
    for (const event of eventsFrom(0, 10)) await sink.event(event);
    await sink.flush();
    await told.promise;
    await unlisten();
    await sql`select simcity_request_stop(${run.runId}, 'enough')`;
    await sink.event(eventsFrom(10, 1)[0]!);
    expect(await stop.promise).toBe('enough');
    const page = await (await fetch(`${server.url}/api/ops/simcity/runs/${run.runId}/events`)).json();
    expect(page).toMatchObject({ events: { length: 11 } });
    sink.close();
  });

  it('is tried again while the project is away, and given up when the key is wrong', async () => {
    const run = await claim();
    const away = { code: 'PGRST001', message: 'Database connection error', details: null, hint: null };
    project.script = (request) => (request % 2 === 0 ? { status: 503, body: away } : 'take');
    const tries: string[] = [];
    const sink = sinkOf(run, { onRetry: (why) => tries.push(why) });
    for (const event of eventsFrom(0, 30)) await sink.event(event);
    await sink.flush();
    sink.close();
    expect(tries[0]).toBe('503 PGRST001 Database connection error');
    const wrong = createSupabasePoster({ url: project.url, key: await keyOf('anon') }, run, 15_000);
    project.script = () => 'take';
    expect(await wrong.post('{}', new AbortController().signal)).toMatchObject({
      ...{ kind: 'refused', status: 401, code: '42501' },
      message: expect.stringContaining('SUPABASE_SERVICE_ROLE_KEY must be'),
    });
  });
});

describe('a project that says when to come back', () => {
  const refusal = (status: number, after: string | undefined, body: unknown = { message: 'too much' }) => ({
    ...{ status, body },
    ...(after === undefined ? {} : { headers: { 'retry-after': after } }),
  });

  it.for([
    [429, '2', 2_000],
    [503, '7', 7_000],
    [429, 'soon', null],
    [503, undefined, null],
  ] as const)('by %i and Retry-After %s asks for a wait of %s ms', async ([status, after, afterMs]) => {
    const run = await claim();
    project.script = () => refusal(status, after);
    expect(await push(run, {})).toMatchObject({ kind: 'retry', afterMs });
  });

  it('is not asked before, nor waited for without end', async () => {
    const run = await claim();
    const asked: number[] = [];
    const answers = [refusal(429, '1'), refusal(503, '3600', 'a gateway’s page')];
    project.script = () => {
      asked.push(performance.now());
      return answers[asked.length - 1] ?? 'take';
    };
    const sink = sinkOf(run, { limits: { retryFirstMs: 1, retryAfterMs: 1_000 } });
    for (const event of eventsFrom(0, 5)) await sink.event(event);
    await sink.flush();
    sink.close();
    expect(asked).toHaveLength(3);
    const [first = 0, second = 0, third = 0] = asked;
    expect([second - first, third - second].map((gap) => gap > 995)).toEqual([true, true]);
    expect(await rowsOf(run.runId)).toMatchObject({ events: { length: 5 } });
  });
});

describe('simcity_push', () => {
  it('stores concurrent, overlapping batches without a gap, each event once', async () => {
    const run = await claim();
    const starts = Array.from({ length: 40 }, (_, i) => Math.floor(i / 2) * 5);
    const send = async (from: number): Promise<void> => {
      for (;;) {
        const outcome = await push(run, { events: eventsFrom(from, 10) });
        if (outcome.kind === 'accepted') return;
        if (outcome.kind !== 'refused' || outcome.code !== 'sequence_gap')
          throw new Error(JSON.stringify(outcome));
      }
    };
    await Promise.all(starts.map(send));
    const [row] =
      await sql`select count(*)::int, max(idx)::int from simcity_run_events where run_id = ${run.runId}`;
    expect(row).toEqual({ count: 105, max: 104 });
  });

  const [first, second, third] = eventsFrom(0, 3);
  it.for<[what: string, batch: unknown, outcome: Record<string, unknown>]>([
    ['a gap', { events: [third] }, { code: 'sequence_gap', expected: 1 }],
    [
      'other content at a stored index',
      { events: [{ ...first, actor: 'x' }] },
      { code: 'sequence_conflict' },
    ],
    [
      'a snapshot of an event to come',
      { snapshots: [{ index: 9, at: first!.at, metrics: {} }] },
      { code: 'sequence_gap' },
    ],
    ['an end without its report', { events: [{ ...second, type: 'end' }] }, { code: 'invalid_request' }],
    [
      'an end that others follow',
      { events: [{ ...second, type: 'end' }, third], end: passed },
      { code: 'invalid_request' },
    ],
    ['a report without the end', { end: passed }, { code: 'invalid_request' }],
    ['a report of no verdict', { end: { ...passed, status: 'RUNNING' } }, { code: 'invalid_request' }],
    ['an event without data', { events: [{ ...second, data: undefined }] }, { code: 'invalid_request' }],
    ['a negative time', { events: [{ ...second, virtualMs: -1 }] }, { code: 'invalid_request' }],
    ['an event of another shape', { events: [3] }, { code: 'invalid_request' }],
    [
      'a metric that is no number',
      { snapshots: [{ index: 0, at: first!.at, metrics: { a: 'b' } }] },
      { code: 'invalid_request' },
    ],
    ['no JSON', '{"events":[', { code: 'invalid_request' }],
    ['no object', '[]', { code: 'invalid_request' }],
    ['U+0000', { events: [{ ...second, data: { a: '\u0000' } }] }, { code: 'unstorable_text', status: 422 }],
    [
      'a lone surrogate',
      { events: [{ ...second, data: { a: '\ud800' } }] },
      { code: 'unstorable_text', status: 422 },
    ],
    [
      'an event of more than 1 MiB',
      { events: [{ ...second, data: { a: 'x'.repeat(1 << 20) } }] },
      { code: 'too_large', status: 413 },
    ],
    [
      'a batch of more than 4 MiB',
      { events: [], x: 'x'.repeat(4 << 20) },
      { code: 'too_large', status: 413 },
    ],
  ])('refuses %s, and stores nothing of it', async ([, batch, outcome]) => {
    const run = await claim();
    await push(run, { events: [first] });
    const before = await rowsOf(run.runId);
    expect(await push(run, batch)).toMatchObject({ kind: 'refused', ...outcome });
    expect(await rowsOf(run.runId)).toEqual(before);
    expect(await push(run, { events: [second] })).toMatchObject({ kind: 'accepted', answer: { next: 2 } });
  });

  it('refuses who does not hold the lease (any more)', async () => {
    const run = await claim();
    expect(await push({ ...run, token: 'another' }, {})).toMatchObject({ kind: 'lease-lost' });
    await sql`select simcity_end_run(${run.runId}, null, 'STOPPED', 'by others', null)`;
    expect(await push(run, { events: eventsFrom(0, 1) })).toMatchObject({ kind: 'lease-lost' });
  });

  it.for(['anon', 'authenticated'] as const)(
    'is closed to %s, as all tables and functions are',
    async (role) => {
      const client = new PostgrestClient(`${project.url}/rest/v1`, {
        headers: { Authorization: `Bearer ${await keyOf(role)}` },
      });
      const run = await claim();
      const called = await client.rpc('simcity_push', {
        p_run: run.runId,
        p_token: run.token,
        p_batch: '{}',
      });
      expect(called.error).toMatchObject({ code: '42501' });
      const tables = await sql<{ name: string }[]>`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname like 'simcity%'`;
      expect(tables.length).toBeGreaterThan(5);
      for (const { name } of tables) {
        expect((await client.from(name).select()).error, name).toMatchObject({ code: '42501' });
      }
      const [open] = await sql`select count(*)::int from pg_proc where pronamespace = 'public'::regnamespace
      and proname like 'simcity%' and has_function_privilege(${role}, oid, 'execute')`;
      expect(open).toEqual({ count: 0 });
    },
  );
});

it('a runner with --sink supabase sends a whole run there, and its key is in no log and no row', async () => {
  const config = JSON.stringify(runConfigSchema.parse({ operations: 60, bug: 'no-idempotency' }));
  const { id } = await launch(server.url, { seed: 7, target: 'memory' });
  await sql`update simcity_runs set config = ${config}::text::jsonb where id = ${id}`;
  const ended = Promise.withResolvers<void>();
  const look = async () => {
    const [row] = await sql`select pass from simcity_runs where id = ${id}`;
    if (row?.['pass'] !== null) ended.resolve();
  };
  const { unlisten } = await sql.listen('simcity_run', () => void look());
  const before = project.requests;
  const env = {
    ...{
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      SIMCITY_URL: 'http://127.0.0.1:9',
      SIMCITY_ONLY_RUN: id,
    },
    ...{
      SIMCITY_SINK: 'supabase',
      SUPABASE_URL: project.url,
      SUPABASE_SERVICE_ROLE_KEY: key,
      SIMCITY_LOG_LEVEL: 'trace',
    },
  };
  const runner = spawn(process.execPath, ['dist/runner.js'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [runner.stdout, runner.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const gone = once(runner, 'close');
  await Promise.race([ended.promise, gone]);
  runner.kill('SIGTERM');
  await gone;
  await unlisten();
  const [row] = await sql`select r::text as text, status, next_index::int as next,
    (select count(*)::int from simcity_run_events where run_id = r.id) as events from simcity_runs r where id = ${id}`;
  expect(row?.['status'], said).toMatch(/^(PASS|FAIL)$/);
  expect(row?.['next']).toBe(row?.['events']);
  expect(row?.['events']).toBeGreaterThan(60);
  expect(project.requests).toBeGreaterThan(before);
  expect(said + row?.['text']).not.toContain(key);
});

it('a runner without the key says what is missing', async () => {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: url,
    SIMCITY_URL: server.url,
    SIMCITY_SINK: 'supabase',
  };
  const runner = spawn(process.execPath, ['dist/runner.js'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  let said = '';
  runner.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  expect(await once(runner, 'close')).toEqual([2, null]);
  expect(said).toContain('needs SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY');
});
