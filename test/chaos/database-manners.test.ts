/** Row 34: the role that SimCity is given has short limits of time, or it is reached through a pooler. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { API_BASE, apiPath } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { hasPooler, startPooler } from '../helpers/pooler.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { MannerlyClient } from './support/mannerly-client.ts';
import { type Command, runner, type Serving, serve, startSimcity } from './support/parts.ts';
import { signal } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { untilEnded, untilRun } from './support/runs.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
import { until, within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const ROLE = 'small';
/** A limit, and what PostgreSQL says where it strikes. */
const LIMITS = [
  ['lock_timeout', '50ms', 'due to lock timeout'],
  ['statement_timeout', '250ms', 'due to statement timeout'],
  ['idle_in_transaction_session_timeout', '100ms', 'due to idle-in-transaction timeout'],
  ['transaction_timeout', '300ms', 'due to transaction timeout'],
  ['idle_session_timeout', '500ms', 'due to idle-session timeout'],
] as const;
/** Longer than each of them. */
const STALL_MS = 700;
const RUN = { operations: 150, rate: 150 };
const ENDS_WITHIN_MS = 120_000;

/** The URL of a database of which the role is the owner. */
async function ownedDatabase(superuser: Sql): Promise<string> {
  const url = new URL(await database.create({ migrated: false }));
  await superuser.unsafe(`alter database ${url.pathname.slice(1)} owner to ${ROLE}`);
  url.username = ROLE;
  url.password = ROLE;
  return url.href;
}

const ROWS_OF_RUNS = 'select from simcity_runs order by id for update';
const ALL_OF_RUNS = 'lock table simcity_runs in access exclusive mode';

/** Holds what the statement locks; answers what lets it go. */
async function hold(sql: Sql, statement = ROWS_OF_RUNS): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await tx.unsafe(statement);
    held.resolve();
    await over.promise;
  });
  holding.catch(held.reject);
  await held.promise;
  return async () => {
    over.resolve();
    await holding;
  };
}

const stall = (sql: Sql) => sql`select pg_sleep(${STALL_MS / 1_000})`;

/** Until it is told to end, now holds the rows of all runs, now stops the server, for longer than any limit; then leaves them for as long. */
async function disturb(sql: Sql, server: Serving, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const release = await hold(sql);
    await stall(sql);
    await release();
    await stall(sql);
    const [pid] = server.partPids('server');
    if (pid === undefined) continue;
    signal(pid, 'SIGSTOP');
    await stall(sql);
    signal(pid, 'SIGCONT');
    await stall(sql);
  }
}

/** Suspends the server in the middle of a transaction that stores telemetry. */
async function storeIdly(sql: Sql, { server, client }: Parts): Promise<void> {
  const id = await client.launch({ target: 'memory', config: { ...RUN, operations: 100_000 } });
  await untilRun(server.url, id, 'is under way', ENDS_WITHIN_MS, ({ live }) => live.eventIndex > 50);
  const release = await hold(sql, ALL_OF_RUNS);
  await until('the beginning of the transaction waits', 20_000, async () => {
    const waiting = await sql`
      select from pg_stat_activity where usename = ${ROLE} and wait_event_type = 'Lock'
        and query like '%simcity_ingest_lock%'`;
    return waiting.length > 0;
  });
  const pid = server.partPids('server')[0] as number;
  signal(pid, 'SIGSTOP');
  await release();
  await stall(sql);
  signal(pid, 'SIGCONT');
  await client.ask('POST', apiPath.stop(id));
  expect((await untilEnded(server.url, id, ENDS_WITHIN_MS)).status).toBe('STOPPED');
}

interface Parts {
  server: Serving;
  runner: Command;
  client: MannerlyClient;
}

async function startParts(row: Row, databaseUrl: string): Promise<Parts> {
  const server = await serve(row, databaseUrl);
  return {
    server,
    runner: await runner(row, server.url, databaseUrl, { args: ['--parallel', '3'] }),
    client: new MannerlyClient(server.url),
  };
}

/** Runs, one of them stopped, are launched, followed and asked about in every way, and end as they should. */
async function traffic(row: Row, sql: Sql, { server, client }: Parts): Promise<void> {
  const ids = [
    await client.launch({ target: 'memory', config: RUN }),
    await client.launch({ target: 'postgres', config: { ...RUN, operations: 50 } }),
    await client.launch({ target: 'memory', config: { ...RUN, operations: 100_000 } }),
  ] as const;
  const followed = ids.map((id) => subscribe(2, server.url, id));
  const [, , [endless]] = followed as [Subscriber[], Subscriber[], [Subscriber, Subscriber]];
  await until('the run to be stopped is under way', ENDS_WITHIN_MS, () => endless.next > 50);
  for (const path of ['', '/events', '/snapshots', '/state?at=20'])
    await client.ask('GET', `${apiPath.run(ids[0])}${path}`);
  for (const path of ['/runs', '/campaigns', '/tasks/waiting']) await client.ask('GET', `${API_BASE}${path}`);
  for (const path of ['/readyz', '/metrics']) await client.ask('GET', path);
  const release = await hold(sql);
  const stopping = client.ask('POST', apiPath.stop(ids[2]));
  await stall(sql);
  await release();
  await stopping;
  await allEnded(followed.flat(), ENDS_WITHIN_MS);
  for (const [index, id] of ids.entries()) {
    const { status } = await untilEnded(server.url, id, ENDS_WITHIN_MS);
    expect(status, `run ${index}`).toBe(index === 2 ? 'STOPPED' : 'PASS');
    await assertInvariants(row, { sql, runId: id, subscribers: followed[index] ?? [] });
    for (const subscriber of followed[index] ?? []) {
      expect([...subscriber.refusals.keys()].filter((code) => code !== 503)).toEqual([]);
    }
  }
  const verify = `${apiPath.run(ids[0])}/tasks/verify`;
  await client.ask('POST', verify);
  await client.ask('DELETE', verify);
}

async function refusedAtStart(row: Row, url: string): Promise<void> {
  const commands = [
    ['serve', '--port', '0'],
    ['runner', '--server', 'http://127.0.0.1:1'],
  ];
  for (const args of commands) {
    const command = await startSimcity(row, args, { env: { DATABASE_URL: url } });
    expect(await within(`simcity ${args[0]} refuses`, 60_000, command.ended), command.stderr).toBe(4);
    expect(command.stderr).toContain('gives each transaction another connection');
    expect(command.stderr).toContain('pool_mode = session');
  }
}

async function throughPoolers(row: Row, databaseUrl: string, sql: Sql): Promise<void> {
  if (!hasPooler) {
    row.say('PgBouncer is not installed here: its modes were left out');
    return;
  }
  for (const mode of ['session', 'transaction', 'statement'] as const) {
    const pooler = await startPooler(databaseUrl, mode);
    row.defer(() => pooler.close());
    if (mode === 'session') {
      const parts = await startParts(row, pooler.url);
      await traffic(row, sql, parts);
      await Promise.all([parts.runner.stop(), parts.server.stop()]);
    } else await refusedAtStart(row, pooler.url);
  }
  row.reach('through PgBouncer it works in session mode, and is refused at the start in the others');
}

row(
  {
    row: 34,
    fault: 'the role has short limits of time, each in turn; PgBouncer in each of its modes',
    target: 'no 500; works, or is refused at the start',
    timeoutMs: 600_000,
  },
  async (row) => {
    const superuser = database.open(row, database.url);
    await superuser.unsafe(`create role ${ROLE} login createdb password '${ROLE}'`);
    const databaseUrl = await ownedDatabase(superuser);
    const parts = await startParts(row, databaseUrl);
    const sql = database.open(
      row,
      Object.assign(new URL(database.url), { pathname: new URL(databaseUrl).pathname }).href,
    );
    for (const [limit, value, said] of LIMITS) {
      await superuser.unsafe(`
        alter role ${ROLE} reset all; alter role ${ROLE} set log_min_messages = warning;
        alter role ${ROLE} set ${limit} = '${value}'`);
      // Only new connections have it.
      await superuser`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${ROLE}`;
      const struck = async () => (await readFile(database.logFile, 'utf8')).split(said).length;
      const before = await struck();
      if (limit === 'idle_in_transaction_session_timeout') await storeIdly(sql, parts);
      let isOver = false;
      const disturbing = disturb(sql, parts.server, () => isOver);
      try {
        await traffic(row, sql, parts);
      } finally {
        isOver = true;
        await disturbing;
      }
      const times = (await struck()) - before;
      expect(times, `${limit} struck`).toBeGreaterThan(0);
      row.reach(`${limit} struck ${times} times`);
    }
    const prune = await startSimcity(row, ['prune', '--keep-runs', '1', '--yes'], {
      env: { DATABASE_URL: databaseUrl },
    });
    expect(await within('simcity prune ends', 60_000, prune.ended), prune.stderr).toBe(0);
    await superuser.unsafe(`alter role ${ROLE} reset all`);
    await Promise.all([parts.runner.stop(), parts.server.stop()]);
    row.reach(`${parts.client.refused} answers were 503 with Retry-After, none 500`);
    await throughPoolers(row, databaseUrl, sql);
    row.say('a server and a runner; rows of runs held and the server stopped for longer than each limit');
  },
);
