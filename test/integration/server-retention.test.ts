/** Removing old runs: what goes, what stays, and what readers of a removed run are told. */
import { randomUUID } from 'node:crypto';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { followRun } from '../../cli/client/stream.ts';
import {
  apiPath,
  isTerminal,
  passOf,
  pruneRequestSchema,
  type RunStatus,
} from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { prune } from '../../server/retention/prune.ts';
import { newRunId } from '../../server/runs/run-id.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
let databaseUrl: string;
let sql: Sql;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
});

const DAY_MS = 86_400_000;

/** A run of `days` ago with so many events and snapshots; ended, unless `status` says otherwise. */
async function store(days: number, events = 20, status: RunStatus = 'PASS', at?: Date): Promise<string> {
  const time = at ?? new Date(Date.now() - days * DAY_MS);
  // newRunId never goes back in time, so the beginning is put there.
  const stamp = time.getTime().toString(16).padStart(12, '0');
  const id = `${stamp.slice(0, 8)}-${stamp.slice(8)}${newRunId().slice(13)}`;
  const endedAt = isTerminal(status) ? time : null;
  await sql`insert into simcity_runs (id, scenario, target, seed, status, pass, created_at, ended_at, next_index)
    values (${id}, 'bookings', 'memory', 1, ${status}, ${passOf(status)}, ${time}, ${endedAt}, ${events})`;
  await sql`insert into simcity_run_events
    select ${id}::uuid, i, ${time}::timestamptz, i, 'note', 'city', '{}' from generate_series(0, ${events}::int - 1) i`;
  await sql`insert into simcity_run_snapshots
    select ${id}::uuid, i, ${time}::timestamptz, '{}' from generate_series(9, ${events}::int - 1, 10) i`;
  return id;
}

const remove = (asked: object) => prune(sql, pruneRequestSchema.parse(asked));
const left = async () =>
  (await sql<{ id: string }[]>`select id from simcity_runs order by id`).map(({ id }) => id);
const historyRows = async () => {
  const [row] = await sql<{ rows: number }[]>`
    select (select count(*) from simcity_run_events) + (select count(*) from simcity_run_snapshots) as rows`;
  return row?.rows;
};

describe('a prune by age', () => {
  it('drops whole days without touching a row, and leaves tombstones', async () => {
    const old = [await store(45), await store(44, 30, 'FAIL'), await store(40, 10, 'STOPPED')];
    const young = [await store(29), await store(0)];
    const asked = { keepSeconds: 30 * 86_400 };
    expect(await remove({ ...asked, dryRun: true })).toMatchObject({
      dryRun: true,
      runs: 3,
      byStatus: { PASS: 1, FAIL: 1, STOPPED: 1 },
      events: 60,
      campaigns: 0,
      daysDropped: 0,
    });
    expect(await left()).toHaveLength(5);
    expect(await remove(asked)).toMatchObject({ runs: 3, events: 60, daysDropped: 3, rowsRemoved: 0 });
    expect(await left()).toEqual([...young].sort());
    expect(await historyRows()).toBe(2 * 22);
    const tombs = await sql`select id, purged from simcity_pruned_runs order by id`;
    expect([...tombs]).toEqual([...old].sort().map((id) => ({ id, purged: true })));
    expect(await remove(asked)).toMatchObject({ runs: 0, daysDropped: 0, rowsRemoved: 0, oldest: null });
  });

  it('of days begins at midnight, so that no day is left half', async () => {
    const midnight = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 30 * DAY_MS);
    const kept = await store(0, 5, 'PASS', midnight);
    await store(0, 5, 'PASS', new Date(midnight.getTime() - 1));
    expect(await remove({ keepSeconds: 30 * 86_400 })).toMatchObject({ runs: 1, daysDropped: 1 });
    expect(await left()).toEqual([kept]);
  });

  it('never takes a run that has not ended, nor the history of the day that it is of', async () => {
    const gone = await store(40, 20);
    const running = await store(40, 20, 'RUNNING', new Date(Date.now() - 40 * DAY_MS));
    expect(await remove({ keepSeconds: 86_400 })).toMatchObject({ runs: 1, daysDropped: 0, rowsRemoved: 22 });
    expect(await left()).toEqual([running]);
    expect(await historyRows()).toBe(22);
    expect([...(await sql`select id, purged from simcity_pruned_runs`)]).toEqual([
      { id: gone, purged: true },
    ]);
  });

  it('takes runs with ids of any kind', async () => {
    const id = randomUUID();
    await sql`insert into simcity_runs (id, scenario, target, seed, status, pass, created_at)
      values (${id}, 'bookings', 'memory', 1, 'PASS', true, now() - interval '90 days')`;
    await sql`insert into simcity_run_events values (${id}, 0, now(), 0, 'start', 'city', '{}')`;
    expect(await remove({ keepSeconds: 86_400 })).toMatchObject({ runs: 1 });
    expect(await historyRows()).toBe(0);
  });
});

describe('a prune by number and status', () => {
  it('keeps the newest, and with an age only what neither keeps goes', async () => {
    const ids = [await store(5), await store(4), await store(3, 20, 'FAIL'), await store(2)];
    expect(await remove({ keepSeconds: 86_400 * 4, keepRuns: 2, dryRun: true })).toMatchObject({ runs: 1 });
    expect(await remove({ keepRuns: 1, statuses: ['PASS'] })).toMatchObject({
      runs: 2,
      byStatus: { PASS: 2 },
    });
    expect(await left()).toEqual([ids[2], ids[3]]);
    expect(pruneRequestSchema.safeParse({}).success).toBe(false);
  });
});

describe('a prune that was broken off', () => {
  it('is gone on with by the next', async () => {
    const id = await store(0, 30);
    await sql`select simcity_retire_run(${id})`;
    await sql`select simcity_purge_run(${id}, 7)`;
    const rows = await sql`select max(idx) as newest, count(*) as count from simcity_run_events`;
    expect([...rows]).toEqual([{ newest: 22, count: 23 }]);
    expect(await remove({ keepRuns: 100 })).toMatchObject({ runs: 0, rowsRemoved: 25 });
    expect(await historyRows()).toBe(0);
  });

  it('does not let others remove or change history', async () => {
    const id = await store(0, 30);
    await expect(sql`select simcity_purge_run(${id}, 7)`).rejects.toThrow('was not retired');
    await expect(
      sql.begin(async (tx) => {
        await tx`select set_config('simcity.pruning', ${id}, true)`;
        await tx`delete from simcity_run_events where run_id = ${id}`;
      }),
    ).rejects.toThrow('append-only');
    await expect(sql.unsafe('truncate simcity_run_events_rest')).rejects.toThrow('append-only');
    expect(await historyRows()).toBe(33);
  });
});

describe('a reader of a removed run', () => {
  let server: RunningServer;
  beforeEach(async () => {
    server = await startTestServer(databaseUrl);
    return () => server.stop();
  });

  it('is told by 410 on every call, also by a prefix, and other runs are not affected', async () => {
    const id = await store(40);
    const other = await store(0);
    await remove({ keepSeconds: 86_400 });
    const paths = [
      apiPath.run(id),
      apiPath.events(id),
      apiPath.snapshots(id),
      apiPath.stream(id),
      apiPath.state(id),
    ];
    for (const path of [...paths, apiPath.run(id.slice(0, 20)), apiPath.run('1'), apiPath.run('#1')]) {
      const { status, body } = await call(server.url, 'GET', path);
      expect([path, status, body]).toMatchObject([path, 410, { error: { code: 'pruned' } }]);
    }
    expect((await call(server.url, 'POST', apiPath.stop(id), {})).status).toBe(410);
    expect((await call(server.url, 'GET', apiPath.events(other))).status).toBe(200);
    expect((await call(server.url, 'GET', apiPath.run(randomUUID()))).status).toBe(404);
  });

  it('in the middle of a stream sees a beginning without a hole, and then that it is gone', async () => {
    const run = await launch(server.url, { target: 'memory' });
    const harness = new FakeHarness(server.url, run.id);
    await harness.claim(sql);
    const indexes: number[] = [];
    let pruned: Promise<unknown> | undefined;
    const follow = async () => {
      const connection = { url: server.url, token: undefined };
      for await (const item of followRun({
        connection,
        runId: run.id,
        backoffMs: { first: 1, longest: 5 },
      })) {
        if (item.kind !== 'frame' || item.frame.frame !== 'event') continue;
        indexes.push(item.frame.data.index);
        // Slow enough for the prune to come in between.
        if (indexes.length % 200 === 0) await pruned;
      }
      return 'ended';
    };
    for (let i = 0; i < 20; i += 1) await harness.send(500);
    await harness.send(1, { end: passed });
    const started = follow();
    pruned = remove({ keepRuns: 0 });
    const outcome = await started.catch((error: unknown) => error);
    expect(indexes).toEqual(indexes.map((_, i) => i));
    // Either it was through before the run went, or it is told.
    if (outcome === 'ended') expect(indexes).toHaveLength(10_001);
    else expect(outcome).toMatchObject({ cause: 'pruned', exitCode: 2 });
  });

  it('with a browser’s EventSource gets a reset frame and does not come back for ever', async () => {
    const run = await launch(server.url, { target: 'memory' });
    const harness = new FakeHarness(server.url, run.id);
    await harness.claim(sql);
    await harness.send(5);
    const source = new EventSource(server.url + apiPath.stream(run.id));
    const reset = Promise.withResolvers<string>();
    const refused = Promise.withResolvers<number | undefined>();
    const first = Promise.withResolvers<void>();
    source.addEventListener('event', () => first.resolve());
    source.addEventListener('reset', (event) => reset.resolve(String(event.data)));
    source.addEventListener('error', (event) => {
      if (source.readyState === EventSource.CLOSED) refused.resolve(event.code);
    });
    await first.promise;
    // Both in one transaction: the stream sees a run that is there, and then none.
    await sql.begin(async (tx) => {
      await tx`select simcity_end_run(${run.id}, null, 'STOPPED', 'x', null)`;
      await tx`select simcity_prune_run(${run.id})`;
    });
    expect(JSON.parse(await reset.promise)).toMatchObject({ code: 'pruned' });
    expect(await refused.promise).toBe(410);
    source.close();
  });
});
