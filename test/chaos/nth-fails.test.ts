/** Row 25: the Nth query, the Nth write, the Nth spawn fails, for every N. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { HttpSink } from '../../runner/telemetry/http.ts';
import type { Run } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { freePort } from '../helpers/folder.ts';
import { eventsFrom, launch } from '../helpers/server.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { assertBack, takeBaseline } from './support/baseline.ts';
import { ChaosDatabase } from './support/database.ts';
import { inspectable } from './support/inspect.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, serve } from './support/parts.ts';
import { type Row, row } from './support/row.ts';
import { launchRun, untilEnded } from './support/runs.ts';
import { allEnded, Subscriber, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

/** A short run by the real sink, without an engine. Launched and claimed over a link that is not disturbed. */
async function shortRun(
  row: Row,
  world: { sql: Sql; launchUrl: string; sendUrl: string; readUrl: string },
): Promise<number> {
  const { id } = await launch(world.launchUrl);
  const token = randomBytes(16).toString('hex');
  const hash = createHash('sha256').update(token).digest();
  await world.sql`select id from simcity_claim_run('chaos', 600, ${hash}, ${id})`;
  const subscriber = new Subscriber(world.readUrl, id);
  const sink = new HttpSink({
    serverUrl: world.sendUrl,
    runId: id,
    token,
    // It waits no second for each answer 503 that asks for one: this row is about what comes after.
    limits: { batchItems: 8, retryFirstMs: 5, retryLastMs: 50, retryAfterMs: 50, answerTimeoutMs: 5_000 },
  });
  const events = eventsFrom(0, 24);
  const sent = new Map(events.map((event) => [event.index, JSON.stringify(event)]));
  for (const event of events) {
    if (event.index === 23) event.type = 'end';
    sent.set(event.index, JSON.stringify(event));
    await sink.event(event);
    if (event.index % 10 === 9)
      await sink.snapshot({ index: event.index, at: event.at, metrics: { n: event.index } });
    if (event.index === 11) await sink.flush();
  }
  await within(
    'the end is acknowledged',
    60_000,
    sink.end({ status: 'PASS', reason: null, failForensic: null }),
  );
  await allEnded([subscriber], 60_000);
  return assertInvariants(row, { sql: world.sql, runId: id, subscribers: [subscriber], acknowledged: sent });
}

row(
  {
    row: 25,
    fault: 'the Nth query, the Nth write, the Nth spawn fails, for every N',
    target: 'I1 to I5',
    timeoutMs: 600_000,
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const link = await TcpProxy.start(database.port);
    row.defer(() => link.close());
    const inspectorPort = await freePort();
    const server = await serve(row, link.inFrontOf(databaseUrl), { env: inspectable(inspectorPort) });
    const quiet = await serve(row, databaseUrl);
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const world = { sql, launchUrl: quiet.url, sendUrl: proxy.url, readUrl: server.url };
    for (let warm = 0; warm < 5; warm++) await shortRun(row, world);
    // What a failure costs once, in code that runs for the first time, is no leak either.
    await everyQuery(row, link, world, 6);
    await everyWrite(row, proxy, world);
    // Pools fill with what comes at once, and stay full as long as somebody asks now and then.
    await Promise.all(Array.from({ length: 12 }, () => shortRun(row, world)));
    const [pid = 0] = server.partPids('server');
    const baseline = await takeBaseline(pid, inspectorPort);
    const queries = await everyQuery(row, link, world);
    const writes = await everyWrite(row, proxy, world);
    const spawns = await everySpawn(row, sql, proxy, databaseUrl);
    const claims = await everyQueryOfRunner(row, sql, proxy, databaseUrl);
    row.say(
      `each of ${queries} queries of the server and of ${claims} of a runner cut before and after it reached PostgreSQL, ${writes} requests lost and ${writes} answers, ${spawns} spawns refused`,
    );
    expect(server.partPids('server'), 'the server is the same process as before').toEqual([pid]);
    await assertBack(row, baseline);
  },
);

/** Cuts the server's connection at its Nth message to PostgreSQL, until a run sends fewer. */
async function everyQuery(
  row: Row,
  link: TcpProxy,
  world: Parameters<typeof shortRun>[1],
  // Polls and probes go on for ever: that many messages belong to the run for certain.
  most = 60,
): Promise<number> {
  for (let n = 1; n <= most; n++) {
    let struck = 0;
    for (const arrives of [false, true]) {
      let messages = 0;
      link.onRequest = (_piece, one) => {
        if (++messages !== n) return 'pass';
        struck += 1;
        if (!arrives) one.cut();
        else setImmediate(() => one.cut());
        return arrives ? 'pass' : 'drop';
      };
      await shortRun(row, world);
    }
    link.onRequest = () => 'pass';
    if (struck === 0) return n - 1;
  }
  return most;
}

async function everyWrite(
  row: Row,
  proxy: TelemetryProxy,
  world: Parameters<typeof shortRun>[1],
): Promise<number> {
  for (let n = 1; ; n++) {
    let struck = false;
    for (const fate of ['cut-before', 'lose-answer'] as const) {
      let batch = 0;
      proxy.fateOf = () => {
        if (++batch !== n) return 'pass';
        struck = true;
        return fate;
      };
      await shortRun(row, world);
    }
    proxy.fateOf = () => 'pass';
    if (!struck) return n - 1;
  }
}

/**
 * Cuts a runner's connection at its Nth message to PostgreSQL after a launch, until a run sends fewer. Where the answer to its claim is lost,
 * nobody has the token of the run, its lease runs out, and it is executed again.
 */
async function everyQueryOfRunner(
  row: Row,
  sql: Sql,
  proxy: TelemetryProxy,
  databaseUrl: string,
): Promise<number> {
  const link = await TcpProxy.start(database.port);
  row.defer(() => link.close());
  const env = { SIMCITY_LEASE_SECONDS: '1' };
  await runner(row, proxy.url, link.inFrontOf(databaseUrl), { env });
  const statuses = new Map<string, number>();
  let lost = 0;
  for (let n = 1; ; n++) {
    let struck = false;
    for (const arrives of [false, true]) {
      let messages = 0;
      link.onRequest = (_piece, one) => {
        if (++messages !== n) return 'pass';
        struck = true;
        if (!arrives) one.cut();
        else setImmediate(() => one.cut());
        return arrives ? 'pass' : 'drop';
      };
      const ended = await wholeRun(row, sql, proxy, { operations: 200, rate: 200 }, 60_000);
      const outcome = ended.failForensic?.kind ?? ended.status;
      statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
      lost += ended.lostAttempts.length;
    }
    link.onRequest = () => 'pass';
    if (struck) continue;
    expect([...statuses.keys()], 'how runs end').toEqual(['PASS']);
    row.reach(`${lost} attempts lost, each made again`);
    // From the claim to the report: less than that would be no run.
    expect(n - 1).toBeGreaterThanOrEqual(5);
    return n - 1;
  }
}

/** Launches a run of the engine, follows it to its end, and checks the invariants. */
async function wholeRun(
  row: Row,
  sql: Sql,
  proxy: TelemetryProxy,
  config: Parameters<typeof launchRun>[1],
  withinMs: number,
): Promise<Run> {
  const { id } = await launchRun(proxy.url, config);
  const subscribers = subscribe(1, proxy.url, id);
  const ended = await untilEnded(proxy.url, id, withinMs);
  await allEnded(subscribers, 30_000);
  await assertInvariants(row, {
    sql,
    runId: id,
    subscribers,
    acknowledged: proxy.acknowledged.get(id) ?? new Map(),
  });
  return ended;
}

/** The Nth of three spawns of a runner fails: that run says so, and passes when it is executed again. */
async function everySpawn(row: Row, sql: Sql, proxy: TelemetryProxy, databaseUrl: string): Promise<number> {
  const preload = `${import.meta.dirname}/fixtures/fail-spawn.cjs`;
  const spawns = 3;
  for (let n = 1; n <= spawns; n++) {
    const env = { NODE_OPTIONS: `--require ${preload}`, SIMCITY_CHAOS_FAIL_SPAWN: String(n) };
    const hosting = await runner(row, proxy.url, databaseUrl, { env });
    const ids: string[] = [];
    for (let run = 1; run <= spawns; run++) {
      const ended = await wholeRun(row, sql, proxy, { operations: 10 }, 30_000);
      ids.push(ended.status);
      const failed = { attempt: 1, eventIndex: -1, reason: expect.stringContaining('spawn EAGAIN') };
      expect(ended.lostAttempts).toEqual(run === n ? [expect.objectContaining(failed)] : []);
      expect(proxy.countOf(ended.id), 'events acknowledged').toBeGreaterThan(0);
    }
    expect(ids).toEqual(ids.map(() => 'PASS'));
    await hosting.stop();
  }
  return spawns;
}
