/** Rows 3 and 4: PostgreSQL is stopped, killed, or the connection that listens to it is dead. */
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import { FakeHarness, launch, passed } from '../helpers/server.ts';
import { type Link, TcpProxy } from '../helpers/tcp-proxy.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, serve } from './support/parts.ts';
import { row } from './support/row.ts';
import { launchRun } from './support/runs.ts';
import { allEnded, Subscriber, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

row(
  {
    row: 3,
    fault: 'PostgreSQL stopped (fast) for a while, then killed (kill -9)',
    target: 'I1, I2; 503 meanwhile; resumes ≤ 10 s',
    concurrent: true,
  },
  async (row) => {
    // Its own, because it is stopped while the other row needs one.
    const database = await ChaosDatabase.start();
    row.defer(() => database.close());
    const databaseUrl = await database.create();
    const server = await serve(row, databaseUrl);
    const proxy = await TelemetryProxy.start(server.url);
    row.defer(() => proxy.close());
    // Away for as long as a lease, a runner may no longer believe that the run is its own.
    const awaySeconds = 30;
    await runner(row, proxy.url, databaseUrl, { env: { SIMCITY_LEASE_SECONDS: String(3 * awaySeconds) } });
    // Fewer events than a harness keeps while nobody takes them would let it end before PostgreSQL is back.
    const run = await launchRun(server.url, { operations: 8_000, rate: 250 });
    const subscribers = subscribe(10, server.url, run.id);
    const [first] = subscribers as [Subscriber];
    let resumedMs = 0;
    const comesBack = async () => {
      const back = performance.now();
      const next = Math.max(...subscribers.map((each) => each.next));
      await until('every subscriber goes on', 60_000, () => subscribers.every((each) => each.next > next));
      resumedMs = Math.max(resumedMs, performance.now() - back);
    };
    await until('the run is under way', 60_000, () => first.next > 200);
    await database.stop();
    const stopped = performance.now();
    const refused = () => fetch(`${server.url}${apiPath.run(run.id)}`).then(({ status }) => status === 503);
    await until('the API answers 503', 10_000, refused);
    await until('the harness is answered 503', 20_000, () => (proxy.statuses.get(503) ?? 0) > 0);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await until('the time is over', 60_000, () => performance.now() - stopped > awaySeconds * 1_000);
    await database.start();
    await comesBack();
    await database.kill();
    await until('the API answers 503 again', 10_000, refused);
    await database.start();
    await comesBack();
    const sql = database.open(row, databaseUrl);
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    const statuses = [...proxy.statuses].map(([status, count]) => `${count} × ${status || 'cut'}`);
    row.say(
      `fast stop for ${awaySeconds} s, kill -9, 10 subscribers, ${events} events; telemetry was answered ${statuses.join(', ')}`,
    );
    expect(proxy.statuses.get(500) ?? 0).toBe(0);
    row.time('resumed', resumedMs, 10_000);
  },
);

row(
  {
    row: 4,
    fault: 'the backend that listens is terminated, then its connection is half-open',
    target: 'delivery ≤ 2 s by polling',
    concurrent: true,
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const link = await TcpProxy.start(database.port);
    row.defer(() => link.close());
    const listening = new Set<Link>();
    // While true nobody gets to listen again, so that what is delivered is delivered by polling.
    let deaf = false;
    let refused = 0;
    link.onRequest = (piece, one) => {
      if (!/listen simcity_run/i.test(piece.toString('latin1'))) return 'pass';
      if (deaf) {
        refused += 1;
        one.cut();
        return 'drop';
      }
      listening.add(one);
      return 'pass';
    };
    const taking = await serve(row, databaseUrl);
    const telling = await serve(row, link.inFrontOf(databaseUrl));
    const run = await launch(taking.url);
    const harness = new FakeHarness(taking.url, run.id);
    await harness.claim(sql, 600);
    let arrived = new Map<number, number>();
    const subscriber = new Subscriber(telling.url, run.id, {
      onEvent: (index) => arrived.set(index, performance.now()),
    });
    /** The longest time from the answer to a batch until the other server's subscriber has it. */
    const deliver = async (batches: number) => {
      let longestMs = 0;
      for (let batch = 0; batch < batches; batch++) {
        arrived = new Map();
        await harness.send(1);
        const committed = performance.now();
        const index = harness.next - 1;
        await until(`event ${index} is delivered`, 30_000, () => arrived.has(index));
        longestMs = Math.max(longestMs, (arrived.get(index) ?? 0) - committed);
      }
      return longestMs;
    };
    await until(
      'the subscriber is connected and the server listens',
      30_000,
      () => subscriber.connects && listening.size,
    );
    await deliver(20);
    row.reach(`as usual ${Math.round(await deliver(20))} ms at most`);

    let terminatedMs = 0;
    for (let time = 0; time < 3; time++) {
      const before = listening.size;
      deaf = true;
      // PostgreSQL knows the connection by the port that it comes from.
      const ports = [...listening].map(({ upstream }) => upstream.localPort ?? 0);
      const rows = await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and client_port = any(${ports}::int[])`;
      expect(rows.length, 'backends that listen').toBe(1);
      terminatedMs = Math.max(terminatedMs, await deliver(4));
      expect(listening.size, 'nobody listens meanwhile').toBe(before);
      deaf = false;
      await until('the server listens again', 30_000, () => listening.size > before);
    }
    row.time('terminated', terminatedMs, 2_000);
    expect(refused, 'the server tries to listen again').toBeGreaterThan(0);

    deaf = true;
    for (const one of link.links) if (listening.has(one)) one.silent = true;
    const before = listening.size;
    row.time('half-open', await deliver(10), 2_000);
    expect(listening.size, 'nobody listens meanwhile').toBe(before);
    deaf = false;
    await until('the dead connection is noticed and replaced', 30_000, () => listening.size > before);
    row.reach(`by NOTIFY again ${Math.round(await deliver(10))} ms at most`);
    await harness.send(1, { end: passed });
    await allEnded([subscriber], 30_000);
    await assertInvariants(row, { sql, runId: run.id, subscribers: [subscriber] });
    row.say(
      'two servers on a database; 3 terminations of the listening backend, then silence on its connection, and meanwhile no new one that listens; the half-open connection was noticed and replaced',
    );
  },
);
