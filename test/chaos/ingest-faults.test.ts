/** Rows 15, 16 and 25: requests and answers of the telemetry are lost, repeated, swapped; the Nth of anything fails. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { HttpSink } from '../../runner/telemetry/http.ts';
import type { Sql } from '../../server/db/client.ts';
import { eventsFrom, launch } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, type Serving, serve } from './support/parts.ts';
import { openSockets, residentBytes } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { launchRun, untilEnded } from './support/runs.ts';
import { randomOf } from './support/seed.ts';
import { allEnded, Subscriber, subscribe } from './support/subscriber.ts';
import { TcpProxy } from './support/tcp-proxy.ts';
import { type Fate, TelemetryProxy } from './support/telemetry-proxy.ts';
import { until, within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

row(
  {
    row: 15,
    fault: 'requests and answers of the telemetry lost, repeated, and come in another order',
    target: 'I1, I2',
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const random = randomOf('fates of batches');
    const fates = new Map<Fate, number>();
    proxy.fateOf = () => {
      const fate =
        (['pass', 'cut-before', 'lose-answer', 'twice', 'stale'] as const)[Math.floor(random() * 5)] ??
        'pass';
      fates.set(fate, (fates.get(fate) ?? 0) + 1);
      return fate;
    };
    await runner(row, proxy.url, databaseUrl);
    const run = await launchRun(server.url, { operations: 2_000, rate: 400 });
    const subscribers = subscribe(10, server.url, run.id);
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    expect((await untilEnded(server.url, run.id, 10_000)).status).toBe('PASS');
    for (const fate of ['cut-before', 'lose-answer', 'twice', 'stale'] as const) {
      expect(fates.get(fate) ?? 0, fate).toBeGreaterThan(0);
    }
    row.say(`${events} events; batches: ${[...fates].map(([fate, count]) => `${count} ${fate}`).join(', ')}`);
  },
);

row(
  {
    row: 16,
    fault: 'the server dies between the commit of a batch and its answer',
    target: 'the retry adds nothing',
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const link = await TcpProxy.start(database.port);
    row.defer(() => link.close());
    const server = await serve(row, link.inFrontOf(databaseUrl));
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    await runner(row, proxy.url, databaseUrl);
    const run = await launchRun(server.url, { operations: 2_000, rate: 250 });
    const subscribers = subscribe(3, server.url, run.id);
    const [first] = subscribers as [Subscriber];
    const deaths = 4;
    for (let death = 0; death < deaths; death++) {
      const place = first.next + 300;
      await until('the run goes on', 60_000, () => first.next > place);
      const committed = Promise.withResolvers<void>();
      // PostgreSQL's word that it has committed what a COPY brought: nobody gets to hear it.
      let copied = false;
      link.onAnswer = (piece) => {
        const text = piece.toString('latin1');
        copied ||= text.includes('COPY ');
        if (!copied || !text.includes('COMMIT\0')) return 'pass';
        link.onAnswer = () => 'drop';
        committed.resolve();
        return 'drop';
      };
      await within('a batch is committed', 30_000, committed.promise);
      await server.killPart('server');
      link.cutAll();
      link.onAnswer = () => 'pass';
      const known = proxy.countOf(run.id);
      const [stored] = await sql<
        { next: number }[]
      >`select next_index as next from simcity_runs where id = ${run.id}`;
      expect(stored?.next, 'more is stored than was acknowledged').toBeGreaterThan(known);
    }
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    expect(acknowledged?.size).toBe(events);
    row.say(`${deaths} times: the answer to COMMIT kept back, kill -9 of the server; ${events} events`);
    row.reach('each batch stored once');
  },
);

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
    limits: { batchItems: 8, retryFirstMs: 5, retryLastMs: 50, answerTimeoutMs: 5_000 },
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
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const link = await TcpProxy.start(database.port);
    row.defer(() => link.close());
    const server = await serve(row, link.inFrontOf(databaseUrl));
    const quiet = await serve(row, databaseUrl);
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    const world = { sql, launchUrl: quiet.url, sendUrl: proxy.url, readUrl: server.url };
    for (let warm = 0; warm < 10; warm++) await shortRun(row, world);
    const [pid = 0] = server.partPids('server');
    const before = { rss: residentBytes(pid), sockets: openSockets(pid) };
    const queries = await everyQuery(row, link, world);
    const writes = await everyWrite(row, proxy, world);
    const spawns = await everySpawn(row, sql, server, databaseUrl);
    row.say(
      `each of ${queries} queries cut before and after it reached PostgreSQL, ${writes} requests lost and ${writes} answers, ${spawns} spawns refused`,
    );
    expect(server.partPids('server'), 'the server is the same process as before').toEqual([pid]);
    await until('the sockets are back', 15_000, () => openSockets(pid) <= before.sockets + 5);
    const grownMib = (residentBytes(pid) - before.rss) / 2 ** 20;
    row.amount('memory of the server grew by', grownMib, 64, 'MiB');
    row.reach('I5: sockets back at their baseline');
  },
);

/** Cuts the server's connection at its Nth message to PostgreSQL, until a run sends fewer. */
async function everyQuery(row: Row, link: TcpProxy, world: Parameters<typeof shortRun>[1]): Promise<number> {
  // Polls and probes go on for ever: that many messages belong to the run for certain.
  for (let n = 1; n <= 60; n++) {
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
  return 60;
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

/** The Nth of three spawns of a runner fails: that run says so, and the others pass. */
async function everySpawn(row: Row, sql: Sql, server: Serving, databaseUrl: string): Promise<number> {
  const preload = `${import.meta.dirname}/fixtures/fail-spawn.cjs`;
  const spawns = 3;
  for (let n = 1; n <= spawns; n++) {
    const env = { NODE_OPTIONS: `--require ${preload}`, SIMCITY_CHAOS_FAIL_SPAWN: String(n) };
    const hosting = await runner(row, server.url, databaseUrl, { env });
    const ids: string[] = [];
    for (let run = 1; run <= spawns; run++) {
      const { id } = await launchRun(server.url, { operations: 10 });
      const subscribers = subscribe(1, server.url, id);
      const ended = await untilEnded(server.url, id, 30_000);
      await allEnded(subscribers, 30_000);
      await assertInvariants(row, { sql, runId: id, subscribers });
      ids.push(ended.status);
      if (run === n)
        expect(ended.failForensic).toMatchObject({
          kind: 'harness-crash',
          process: { spawnError: expect.stringContaining('EAGAIN') },
        });
    }
    expect(ids).toEqual(ids.map((_, at) => (at + 1 === n ? 'FAIL' : 'PASS')));
    await hosting.stop();
  }
  return spawns;
}
