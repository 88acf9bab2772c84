/** Row 39: death or stall between every two statements of claim, renew, ingest, end and prune, on two servers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect } from 'vitest';
import type { PruneRequest } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { prune } from '../../server/retention/prune.ts';
import { type Answer, eventsFrom, FakeHarness, launch, passed } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { type Serving, serve } from './support/parts.ts';
import { ROW_VARIABLE, signal } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { Strike } from './support/strike.ts';
import { FATES, type Fate, strikeRunners } from './support/struck-runners.ts';
import { allEnded, subscribe } from './support/subscriber.ts';
import { until, within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const LEASE_SECONDS = 1;
/** Longer than a lease, and than the looks for those that ran out. */
const STALL_MS = 3_500;
const MOST_STATEMENTS = 40;

interface World {
  databaseUrl: string;
  sql: Sql;
  other: Serving;
}

/** Nothing tells that it is over but the time. */
async function stall(): Promise<void> {
  const begun = performance.now();
  await until('the stall is over', STALL_MS * 2, () => performance.now() - begun > STALL_MS);
}

row(
  {
    row: 39,
    fault: 'death or stall between every two statements of claim, renew, ingest, end and prune',
    target: 'I1 to I4: no event lost, no run claimed or ended twice, nothing half pruned',
  },
  async (row) => {
    const databaseUrl = await database.create();
    const world = { databaseUrl, sql: database.open(row, databaseUrl), other: await serve(row, databaseUrl) };
    const around = { ...world, server: world.other, databasePort: database.port };
    const runners = await strikeRunners(row, around);
    const servers = await everyStatementOfServer(row, world);
    const prunes = await everyStatementOfPrune(row, world);
    row.say(
      `death (SIGKILL), and a stall (SIGSTOP) longer than a lease, after each of ${runners} statements of a runner's process, ${servers} of a server's and ${prunes} of a prune, while another of the kind goes on`,
    );
  },
);

const FIRST = 10;
const ALL = 20;

/** A server from its first statement for a batch on. Answers the number of statements. */
async function everyStatementOfServer(row: Row, world: World): Promise<number> {
  const link = await Strike.start(row, database.port, /simcity_ingest|ingest_token_hash/);
  for (let n = 1; n <= MOST_STATEMENTS; n++) {
    let struck = false;
    for (const fate of FATES) {
      // A new one each time: what a connection has prepared is not asked for by its text again.
      const server = await serve(row, link.inFrontOf(world.databaseUrl));
      const [pid = 0] = server.partPids('server');
      struck = await oneOfServer(row, world, link, server, n, fate);
      if (struck && fate === 'dies')
        await until('the server is gone', 10_000, () => server.partPids('server')[0] !== pid);
      await server.stop();
      if (!struck) break;
    }
    if (struck) continue;
    expect(n - 1, 'statements of a server').toBeGreaterThanOrEqual(4);
    return n - 1;
  }
  return MOST_STATEMENTS;
}

/** True when it was struck before all was stored. */
async function oneOfServer(
  row: Row,
  world: World,
  link: Strike,
  server: Serving,
  n: number,
  fate: Fate,
): Promise<boolean> {
  const { sql, other } = world;
  const harness = new FakeHarness(server.url, (await launch(other.url, { target: 'memory' })).id);
  const { runId } = harness;
  const subscribers = subscribe(1, other.url, runId);
  const acknowledged = new Map<number, string>();
  await harness.claim(sql, LEASE_SECONDS);
  const [pid = 0] = server.partPids('server');
  let struck = false;
  link.arm(n, () => {
    struck = true;
    signal(pid, fate === 'dies' ? 'SIGKILL' : 'SIGSTOP');
  });
  const sent = sendAll(harness);
  await Promise.race([link.hit, sent]);
  if (!struck)
    expect(
      (await sent).map(({ status }) => status),
      'a batch without its Nth statement',
    ).toEqual([200, 200]);
  if (struck) {
    // Meanwhile the harness tries the other server, as the one behind a balancer does.
    const again = new FakeHarness(other.url, runId);
    Object.assign(again, { token: harness.token });
    const retried = sendAll(again);
    if (fate === 'stalls') {
      await stall();
      signal(pid, 'SIGCONT');
    }
    const answers = await within('both are answered', 60_000, Promise.all([sent, retried]));
    for (const { status } of answers.flat())
      expect([0, 200, 409, 503], `${fate} at ${n}: answers`).toContain(status);
    for (const each of answers)
      for (const [index, event] of acknowledgedBy(each)) acknowledged.set(index, event);
    await finish(world, runId);
  }
  await allEnded(subscribers, 30_000);
  await assertInvariants(row, { sql, runId, subscribers, acknowledged });
  return struck;
}

/** Two batches, the second with the end. A connection that breaks counts as status 0. */
async function sendAll(harness: FakeHarness): Promise<Pick<Answer, 'status'>[]> {
  const gone = () => ({ status: 0 });
  const first = await harness.send(FIRST).catch(gone);
  if (first.status !== 200) return [first];
  return [first, await harness.send(ALL - FIRST, { end: passed }).catch(gone)];
}

/** By index, the events of those of `sendAll`'s batches that were answered 200. */
function acknowledgedBy(answers: readonly Pick<Answer, 'status'>[]): Map<number, string> {
  const stored = answers.filter(({ status }) => status === 200).length;
  const events = eventsFrom(0, [0, FIRST, ALL][stored] ?? 0).map((event) =>
    event.index === ALL - 1 ? { ...event, type: 'end' } : event,
  );
  return new Map(events.map((event) => [event.index, JSON.stringify(event)]));
}

/** Ends the run by another attempt, if none has, once its lease is over: the same events, in the same order. */
async function finish({ sql, other }: World, runId: string): Promise<void> {
  const state = await until('the run has ended, or is queued again', 30_000, async () => {
    const [run] = await sql<{ status: string }[]>`select status from simcity_runs where id = ${runId}`;
    return ['PASS', 'QUEUED'].find((status) => status === run?.status);
  });
  if (state === 'PASS') return;
  const heir = new FakeHarness(other.url, runId);
  await heir.claim(sql, 600);
  const answers = await sendAll(heir);
  expect(
    answers.map(({ status }) => status),
    'the next attempt is stored',
  ).toEqual([200, 200]);
}

const PRUNE = `${import.meta.dirname}/fixtures/prune.ts`;
const EVERYTHING: PruneRequest = {
  keepSeconds: 0,
  keepRuns: null,
  statuses: ['PASS', 'FAIL', 'STOPPED'],
  dryRun: false,
};

/** A prune from its first statement on; another one comes after it, or while it stalls. */
async function everyStatementOfPrune(row: Row, world: World): Promise<number> {
  const { sql, other, databaseUrl } = world;
  for (let n = 1; n <= MOST_STATEMENTS; n++) {
    let struck = false;
    for (const fate of FATES) {
      const link = await Strike.start(row, database.port, /select/);
      const kept = (await launch(other.url)).id;
      for (let i = 0; i < 3; i++) await storeEnded(sql, other.url);
      struck = false;
      link.arm(n, async () => {
        struck = true;
        if (fate === 'dies') child.kill('SIGKILL');
        else await prune(sql, EVERYTHING);
      });
      const child = spawn(
        process.execPath,
        [PRUNE, link.inFrontOf(databaseUrl), JSON.stringify(EVERYTHING)],
        {
          env: { PATH: process.env['PATH'], [ROW_VARIABLE]: row.tag },
          stdio: 'ignore',
        },
      );
      const [code] = await within('a prune ends', 60_000, once(child, 'exit'));
      if (struck && fate === 'dies') {
        await assertWholeOrGone(sql);
        await prune(sql, EVERYTHING);
      } else expect(code, `a prune that ${fate} at ${n}`).toBe(0);
      await assertAllGone(sql, kept);
      if (!struck) break;
    }
    if (!struck) return n - 1;
  }
  return MOST_STATEMENTS;
}

async function storeEnded(sql: Sql, url: string): Promise<void> {
  const harness = new FakeHarness(url, (await launch(url)).id);
  await harness.claim(sql);
  expect((await harness.send(ALL, { end: passed })).status).toBe(200);
}

/** Each run that is still listed has its whole history; what is left of the others is marked as such. */
async function assertWholeOrGone(sql: Sql): Promise<void> {
  const [holes] = await sql<{ count: number }[]>`
    select count(*) as count from simcity_runs r
    where next_index <> (select count(*) from simcity_run_events e where e.run_id = r.id)`;
  expect(holes?.count, 'runs without a part of their history').toBe(0);
  const [orphans] = await sql<{ count: number }[]>`
    select count(distinct e.run_id) as count from simcity_run_events e
    where not exists (select from simcity_runs r where r.id = e.run_id)
      and not exists (select from simcity_pruned_runs p where p.id = e.run_id and not p.purged)`;
  expect(orphans?.count, 'histories of no run that no prune will find').toBe(0);
}

/** Nothing of an ended run is left, and the one that waits is. */
async function assertAllGone(sql: Sql, kept: string): Promise<void> {
  const [left] = await sql<{ runs: number; events: number; unpurged: number; kept: number }[]>`
    select (select count(*) from simcity_runs where status in ('PASS', 'FAIL', 'STOPPED')) as runs,
      (select count(*) from simcity_run_events) + (select count(*) from simcity_run_snapshots) as events,
      (select count(*) from simcity_pruned_runs where not purged) as unpurged,
      (select count(*) from simcity_runs where id = ${kept}) as kept`;
  expect(left, 'what is left').toEqual({ runs: 0, events: 0, unpurged: 0, kept: 1 });
}
