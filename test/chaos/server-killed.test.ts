/** Rows 1 and 2: kill -9 of the server in the middle of a run, directly and behind nginx. */
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { call } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { startNginx } from './support/nginx.ts';
import { runner, type Serving, serve } from './support/parts.ts';
import { between } from './support/prng.ts';
import { type Row, row } from './support/row.ts';
import { launchRun } from './support/runs.ts';
import { randomOf } from './support/seed.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
import { TelemetryProxy } from './support/telemetry-proxy.ts';
import { lacks } from './support/tools.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const KILLS = 10;
const SUBSCRIBERS = 50;
const EVENTS = 10_000;
/** More than there is time for: the run is stopped when it has been through all. */
const OPERATIONS = 200_000;

/** Kills the server ten times at places that the seed picks; answers the longest time to catch up. */
async function killAgainAndAgain(
  rowNumber: number,
  server: Serving,
  sql: Sql,
  runId: string,
  subscribers: readonly Subscriber[],
): Promise<number> {
  const random = randomOf(`kills of row ${rowNumber}`);
  const [first] = subscribers as [Subscriber];
  let longestMs = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const place = first.next + between(random, 50, 250);
    await until(`event ${place} comes`, 60_000, () => first.next > place || first.end !== null);
    expect(first.end, 'the run goes on while the server is killed').toBeNull();
    await server.killPart('server');
    await until('the server is back', 60_000, async () => (await fetch(`${server.url}/readyz`)).ok);
    const back = performance.now();
    const [stored] = await sql<
      { next: number }[]
    >`select next_index as next from simcity_runs where id = ${runId}`;
    const next = stored?.next ?? 0;
    await until('every subscriber has caught up', 60_000, () =>
      subscribers.every((each) => each.next >= next),
    );
    longestMs = Math.max(longestMs, performance.now() - back);
  }
  await until(`event ${EVENTS} comes`, 60_000, () => first.next > EVENTS || first.end !== null);
  expect(first.end, 'the run goes on while the server is killed').toBeNull();
  await call(server.url, 'POST', `${apiPath.run(runId)}/stop`, { reason: 'enough' });
  return longestMs;
}

async function begin(row: Row, server: Serving, url: string, telemetryUrl: string, databaseUrl: string) {
  const proxy = await TelemetryProxy.start(telemetryUrl);
  row.defer(() => proxy.close());
  await runner(row, proxy.url, databaseUrl);
  const run = await launchRun(server.url, { operations: OPERATIONS, rate: 250 });
  expect((await fetch(`${url}${apiPath.run(run.id)}`)).status).toBe(200);
  return { proxy, run };
}

row(
  {
    row: 1,
    fault: 'kill -9 of the server in the middle of a run',
    target: 'I1, I2; caught up ≤ 5 s',
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const { proxy, run } = await begin(row, server, server.url, server.url, databaseUrl);
    const subscribers = subscribe(SUBSCRIBERS, server.url, run.id);
    const caughtUpMs = await killAgainAndAgain(row.number, server, sql, run.id, subscribers);
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    expect(acknowledged?.size).toBe(events);
    expect(events, 'events').toBeGreaterThan(EVENTS);
    row.say(`${KILLS} kills, ${SUBSCRIBERS} subscribers, ${events} events`);
    row.time('caught up', caughtUpMs, 5_000);
  },
);

row(
  {
    row: 2,
    fault: 'the same behind nginx, which answers 502 and 503 meanwhile',
    target: 'all resume ≤ 10 s',
    cannot: () => lacks('nginx', 'nginx-light'),
  },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl);
    const nginx = await startNginx(row, server.url);
    const { proxy, run } = await begin(row, server, nginx.url502, nginx.url503, databaseUrl);
    const half = SUBSCRIBERS / 2;
    const subscribers = [...subscribe(half, nginx.url502, run.id), ...subscribe(half, nginx.url503, run.id)];
    const resumedMs = await killAgainAndAgain(row.number, server, sql, run.id, subscribers);
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    const refused = (status: number) =>
      subscribers.reduce((sum, { refusals }) => sum + (refusals.get(status) ?? 0), 0);
    expect(refused(502), 'nginx answered 502').toBeGreaterThan(0);
    expect(refused(503), 'nginx answered 503').toBeGreaterThan(0);
    row.say(
      `${KILLS} kills, ${SUBSCRIBERS} subscribers got ${refused(502)} × 502 and ${refused(503)} × 503, ${events} events`,
    );
    row.time('all resumed', resumedMs, 10_000);
  },
);
