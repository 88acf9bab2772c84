import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { readBatch } from '../../server/ingest/read-batch.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, eventsFrom, FakeHarness, launch, startTestServer } from '../helpers/server.ts';
import { claimRun, type Storing, storing as store } from '../helpers/storing.ts';

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

const claimedRun = () => claimRun(sql);
const storing = (work: (storing: Storing) => Promise<void>) => store({ databaseUrl, sql }, work);

async function storedIndexes(runId: string): Promise<number[]> {
  const rows = await sql<{ idx: number }[]>`
    select idx from simcity_run_events where run_id = ${runId} order by idx`;
  return rows.map(({ idx }) => idx);
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('group commit', () => {
  it('stores what waits together in few transactions, and tells what was added once it is committed', async () => {
    const runs = await Promise.all(upTo(20).map(claimedRun));
    const ours = () => sql<{ xmin: string }[]>`select distinct xmin::text from simcity_run_events`;
    await storing(async ({ added, store }) => {
      const answers = await Promise.all(
        runs.flatMap((runId) => [0, 10, 20].map((from) => store(runId, { events: eventsFrom(from, 10) }))),
      );
      expect(answers).toEqual(runs.flatMap(() => ['10', '20', '30']));
      const counts = added.map(({ events }) => events.reduce((sum, { count }) => sum + count, 0));
      for (const count of counts) expect(count % 10).toBe(0);
      expect(counts.reduce((sum, count) => sum + count)).toBe(600);
    });
    for (const runId of runs) expect(await storedIndexes(runId)).toEqual(upTo(30));
    expect((await ours()).length).toBeLessThan(20);
  });

  it('answers each batch for itself: a gap, a conflict, a foreign token or a lost run harms no other', async () => {
    const [good, gap, conflict, ended, repeated] = (await Promise.all(upTo(5).map(claimedRun))) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await storing(async ({ commit, changed, store }) => {
      for (const runId of [conflict, ended, repeated])
        expect(await store(runId, { events: eventsFrom(0, 5) })).toBe('5');
      await sql`select simcity_end_run(${ended}, null, 'STOPPED', 'test', null)`;
      const other = eventsFrom(3, 4).map((event) => ({ ...event, actor: 'someone else' }));
      const answers = await Promise.all([
        store(good, { events: eventsFrom(0, 5) }),
        store(gap, { events: eventsFrom(2, 5) }),
        store(conflict, { events: other }),
        store(ended, { events: eventsFrom(5, 5) }),
        store(repeated, { events: eventsFrom(0, 8) }),
        store(good, { events: eventsFrom(5, 5) }),
        store('01890000-0000-7000-8000-000000000000', { events: eventsFrom(0, 1) }),
        commit
          .store(good, createHash('sha256').update('other').digest(), readBatch(Buffer.from('{}'), good))
          .catch((error: { code: string }) => error.code),
      ]);
      expect(answers).toEqual(['5', 'SC002', 'SC003', 'SC001', '8', '10', 'SC004', 'SC001']);
      expect(changed).toEqual([repeated]);
    });
    expect(await storedIndexes(good)).toEqual(upTo(10));
    expect(await storedIndexes(gap)).toEqual([]);
    expect(await storedIndexes(conflict)).toEqual(upTo(5));
    expect(await storedIndexes(repeated)).toEqual(upTo(8));
  });

  it('does not wait, for anybody else, for a run that another transaction holds', async () => {
    const [held, free] = (await Promise.all([claimedRun(), claimedRun()])) as [string, string];
    await storing(async ({ store }) => {
      let late: Promise<string> | undefined;
      await sql.begin(async (tx) => {
        await tx`select from simcity_runs where id = ${held} for update`;
        late = store(held, { events: eventsFrom(0, 3) });
        expect(await store(free, { events: eventsFrom(0, 3) })).toBe('3');
      });
      expect(await late).toBe('3');
    });
  });

  it('stays gapless and idempotent under many overlapping writers on two servers', async () => {
    const runId = await claimedRun();
    const total = 2_000;
    await storing(async (first) => {
      await storing(async (second) => {
        const write = async (seed: number) => {
          let next = 0;
          for (let round = 0; next < total; round++) {
            const from = Math.max(0, next - ((seed * 13 + round * 7) % 9));
            const size = Math.min(total - from, 10 + ((seed * 31 + round * 17) % 90));
            const answer = await (round % 2 ? first : second).store(runId, {
              events: eventsFrom(from, size),
            });
            expect(answer).toMatch(/^\d+$/);
            next = Number(answer);
          }
        };
        await Promise.all([1, 2, 3, 4, 5, 6].map(write));
        // Whoever knows a batch and the next knows all that is between.
        const seen = [...first.added, ...second.added].map(({ after }) => after);
        expect(new Set(seen).size).toBe(seen.length);
      });
    });
    expect(await storedIndexes(runId)).toEqual(upTo(total));
    const [row] = await sql`select r.next_index, l.event_index from simcity_runs r
      join simcity_run_live l on l.run_id = r.id where r.id = ${runId}`;
    expect(row).toEqual({ next_index: total, event_index: total - 1 });
  });

  it('takes a snapshot after its event also when it comes with the next batch, once', async () => {
    const runId = await claimedRun();
    const at = new Date(0).toISOString();
    const snapshots = [{ index: 9, at, metrics: { a: 1.5 } }];
    await storing(async ({ store }) => {
      expect(await store(runId, { events: eventsFrom(0, 10) })).toBe('10');
      expect(await store(runId, { events: eventsFrom(10, 5), snapshots })).toBe('15');
      expect(await store(runId, { events: eventsFrom(10, 5), snapshots })).toBe('15');
      expect(await store(runId, { snapshots: [{ index: 14, at, metrics: { b: 2 } }] })).toBe('15');
      expect(await store(runId, { snapshots: [{ index: 14, at, metrics: { b: 2 } }] })).toBe('15');
      expect(await store(runId, { snapshots: [{ index: 14, at, metrics: { b: 3 } }] })).toBe('SC003');
      expect(await store(runId, { snapshots: [{ index: 15, at, metrics: {} }] })).toBe('SC002');
      const lost = [{ index: 8, at, metrics: {} }];
      expect(await store(runId, { events: eventsFrom(15, 2), snapshots: lost })).toBe('SC003');
    });
    const rows =
      await sql`select idx, metrics from simcity_run_snapshots where run_id = ${runId} order by idx`;
    expect([...rows]).toEqual([
      { idx: 9, metrics: { a: 1.5 } },
      { idx: 14, metrics: { b: 2 } },
    ]);
  });

  it('fails what waits when the database goes away, and goes on when it is back', async () => {
    const runId = await claimedRun();
    await storing(async ({ store }) => {
      expect(await store(runId, { events: eventsFrom(0, 3) })).toBe('3');
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'simcity-server-ingest' and datname = current_database()`;
      const codes: string[] = [];
      for (let answer = ''; answer !== '6'; codes.push(answer)) {
        answer = await store(runId, { events: eventsFrom(3, 3) });
        if (answer !== '6') await delay(20);
      }
      expect(codes.length).toBeLessThan(20);
    });
    expect(await storedIndexes(runId)).toEqual(upTo(6));
  });
});

it('answers events as they came, byte for byte, whatever is in them', async () => {
  const server = await startTestServer(databaseUrl);
  try {
    const harness = new FakeHarness(server.url, (await launch(server.url)).id);
    await harness.claim(sql);
    const [first, ...rest] = eventsFrom(0, 4) as [
      ReturnType<typeof eventsFrom>[0],
      ...ReturnType<typeof eventsFrom>,
    ];
    const events = [
      {
        ...first,
        virtualMs: 0.1 + 0.2,
        actor: 'tab\t, newline\n, return\r, backslash \\, \\N, \\. and \u2028',
      },
      {
        ...rest[0],
        virtualMs: 1e21,
        data: { z: 1, a: [{}, [], null, -0.5e-7], 'ключ\n': '\\u0000 \ud83d\ude00', '1': 2 },
      },
      { ...rest[1], at: '2024-02-29T23:59:59.999Z', data: { text: '\\.\n\\N\t' } },
      { ...rest[2], type: 'x'.repeat(100), data: {} },
    ];
    expect((await harness.post({ events })).status).toBe(200);
    const response = await fetch(`${server.url}${apiPath.events(harness.runId)}`);
    expect(await response.text()).toBe(JSON.stringify({ events, next: null }));
    expect((await call(server.url, 'GET', apiPath.run(harness.runId))).body).toMatchObject({
      live: { eventIndex: 3 },
    });
  } finally {
    await server.stop();
  }
});
