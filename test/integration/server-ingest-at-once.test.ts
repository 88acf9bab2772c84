/** Groups of batches stored in one round trip: that they are, and that nothing else changes by it. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { CopyClient, type CopyRows, type ExpectedRun } from '../../server/db/copy-client.ts';
import { blockOf, eventRow } from '../../server/ingest/batch.ts';
import { readBatch } from '../../server/ingest/read-batch.ts';
import { between, createPrng } from '../chaos/support/prng.ts';
import { TcpProxy } from '../chaos/support/tcp-proxy.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { eventsFrom, passed } from '../helpers/server.ts';
import { claimRun, type Storing, storing, TOKEN } from '../helpers/storing.ts';

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

const OTHER = createHash('sha256').update('other').digest();
const at = new Date(0).toISOString();

/** What is stored of a run that depends on its batches, not on the clock nor on which of them waited together. */
async function storedOf(runId: string) {
  return {
    run: await sql`select status, next_index, started_at, stop_reason from simcity_runs where id = ${runId}`,
    live: await sql`select event_index, metrics, events_per_second from simcity_run_live where run_id = ${runId}`,
    events:
      await sql`select idx, at, virtual_ms, type, actor, data::text from simcity_run_events where run_id = ${runId} order by idx`,
    snapshots:
      await sql`select idx, at, metrics::text from simcity_run_snapshots where run_id = ${runId} order by idx`,
  };
}

const countOf = async (runId: string) => (await storedOf(runId)).events.length;

describe('a connection for telemetry', () => {
  const rowsOf = (runId: string, from: number, count: number): CopyRows => ({
    events: [blockOf(runId, eventsFrom(from, count).map(eventRow)).rows],
    snapshots: [],
  });
  const at0 = (runId: string): ExpectedRun => ({ runId, tokenHash: TOKEN, next: 0, batches: 0 });
  const moved = (run: string, next: number) => ({
    run,
    first: 0,
    next,
    started: at,
    live: null,
    late: null,
  });
  const backends = async () =>
    (
      await sql<
        { pid: number }[]
      >`select pid from pg_stat_activity where application_name = 'simcity-server-ingest' and datname = current_database()`
    ).map(({ pid }) => pid);

  async function connected(work: (client: CopyClient) => Promise<void>): Promise<void> {
    const client = new CopyClient(databaseUrl);
    try {
      await work(client);
    } finally {
      await client.close();
    }
  }

  it('is usable again, the very same, after a statement before the rows failed', async () => {
    const runId = await claimRun(sql);
    await connected(async (client) => {
      // Megabytes are still under way when PostgreSQL has said no.
      const wrong = { ...at0(runId), next: 1 };
      const outcome = await client.storeExpected([wrong], rowsOf(runId, 0, 40_000), [moved(runId, 40_000)]);
      expect(outcome).toEqual({ elsewhere: [runId] });
      expect(await countOf(runId)).toBe(0);
      const before = await backends();
      expect(
        await client.storeExpected([at0(runId)], rowsOf(runId, 0, 40_000), [moved(runId, 40_000)]),
      ).toEqual({ stops: new Map([[runId, { stopRequested: false, stopReason: null }]]) });
      expect(await backends()).toEqual(before);
    });
    expect(await countOf(runId)).toBe(40_000);
  });

  it('takes rows in pieces of any size', async () => {
    const runId = await claimRun(sql);
    await connected(async (client) => {
      const [all = Buffer.alloc(0)] = rowsOf(runId, 0, 20_000).events;
      const random = createPrng('pieces');
      const events: Buffer[] = [];
      for (let from = 0; from < all.length; ) {
        // From single bytes to more than fits one message.
        const size = Math.ceil(2 ** (random() * 20));
        events.push(all.subarray(from, from + size));
        from += size;
      }
      await client.storeExpected([at0(runId)], { events, snapshots: [] }, [moved(runId, 20_000)]);
    });
    const rows = await sql`select idx from simcity_run_events where run_id = ${runId} order by idx`;
    expect(rows.map(({ idx }) => idx)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  it('is so after an error in the middle of a COPY, at its end, and after it', async () => {
    const runId = await claimRun(sql);
    await connected(async (client) => {
      const good = rowsOf(runId, 0, 20_000);
      const broken = Buffer.from(`${runId}\tnot a number\t${at}\t0\tx\ty\t{}\n`);
      const rest = rowsOf(runId, 20_000, 20_000).events;
      const twice = rowsOf(runId, 0, 1).events;
      const store = (events: readonly Buffer[], next: number) =>
        client.storeExpected([at0(runId)], { events, snapshots: [Buffer.from('')] }, [moved(runId, next)]);
      await expect(store([...good.events, broken, ...rest], 40_000)).rejects.toMatchObject({ code: '22P02' });
      await client.rollback();
      const before = await backends();
      await expect(store([...good.events, ...twice], 20_000)).rejects.toMatchObject({ code: '23505' });
      await client.rollback();
      // An error after the rows: a run that was not expected cannot be moved.
      const other = await claimRun(sql);
      await expect(
        client.storeExpected([at0(runId)], good, [moved(runId, 20_000), { ...moved(other, 6), first: 5 }]),
      ).rejects.toMatchObject({ code: 'SC002' });
      await client.rollback();
      expect(await countOf(runId)).toBe(0);
      await store(good.events, 20_000);
      expect(await backends()).toEqual(before);
    });
    expect(await countOf(runId)).toBe(20_000);
  });

  it('says that it is not known what became of a commit whose answer is lost', async () => {
    const runId = await claimRun(sql);
    const link = await TcpProxy.start(Number(new URL(databaseUrl).port));
    const client = new CopyClient(link.inFrontOf(databaseUrl));
    try {
      link.onAnswer = (piece, one) => {
        if (!piece.includes('COMMIT\0')) return 'pass';
        one.cut();
        return 'drop';
      };
      await expect(
        client.storeExpected([at0(runId)], rowsOf(runId, 0, 5), [moved(runId, 5)]),
      ).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      expect(await countOf(runId)).toBe(5);
      link.onAnswer = () => 'pass';
      expect(await client.storeExpected([at0(runId)], rowsOf(runId, 0, 5), [moved(runId, 5)])).toEqual({
        elsewhere: [runId],
      });
    } finally {
      await client.close();
      await link.close();
    }
  });
});

describe('group commit in one round trip', () => {
  /** How often the client sent something after an answer. */
  async function roundTrips(atOnce: boolean): Promise<number> {
    const runId = await claimRun(sql);
    const link = await TcpProxy.start(Number(new URL(databaseUrl).port));
    try {
      let trips = 0;
      let counted = 0;
      await storing({ databaseUrl: link.inFrontOf(databaseUrl), sql, atOnce }, async ({ store }) => {
        const send = (from: number) =>
          store(runId, { events: eventsFrom(from, 10), snapshots: [{ index: from + 9, at, metrics: {} }] });
        // Both connections are made first.
        const warm = await claimRun(sql);
        await Promise.all([send(0), store(warm, { events: eventsFrom(0, 10) })]);
        await send(10);
        let answered = true;
        link.onAnswer = () => {
          answered = true;
          return 'pass';
        };
        link.onRequest = () => {
          if (answered) trips += 1;
          answered = false;
          return 'pass';
        };
        expect(await send(20)).toBe('30');
        counted = trips;
      });
      return counted;
    } finally {
      await link.close();
    }
  }

  it('takes one round trip where it would take more step by step', async () => {
    expect(await roundTrips(true)).toBe(1);
    expect(await roundTrips(false)).toBe(4);
  });

  it('begins with the first batch of a run, and goes on', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => claimRun(sql)));
    await storing({ databaseUrl, sql }, async ({ commit, store }) => {
      for (const from of [0, 10, 20]) {
        for (const runId of runs)
          expect(await store(runId, { events: eventsFrom(from, 10) })).toBe(String(from + 10));
      }
      expect(await store(String(runs[0]), { live: { metrics: { a: 1 }, eventsPerSecond: 2 } })).toBe('30');
      expect(commit.counts).toEqual({ atOnce: 10, inSteps: 0, elsewhere: 0 });
    });
    for (const runId of runs) expect(await countOf(runId)).toBe(30);
  });

  it('asks where a run stands that it does not know, or that another server wrote meanwhile', async () => {
    const runId = await claimRun(sql);
    await storing({ databaseUrl, sql }, async (first) => {
      await storing({ databaseUrl, sql }, async (second) => {
        for (let round = 0; round < 40; round++) {
          const { store } = round % 2 ? first : second;
          expect(await store(runId, { events: eventsFrom(round * 5, 5) })).toBe(String(round * 5 + 5));
        }
        expect(first.commit.counts).toEqual({ atOnce: 0, inSteps: 20, elsewhere: 0 });
        expect(second.commit.counts).toEqual({ atOnce: 1, inSteps: 19, elsewhere: 0 });
        const seen = [...first.added, ...second.added].map(({ after }) => after);
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      });
    });
    expect(await countOf(runId)).toBe(200);
  });

  it('stops expecting a run that is elsewhere again and again, as when servers take turns on it', async () => {
    const runId = await claimRun(sql);
    const live = { live: { metrics: { a: 1 }, eventsPerSecond: 2 } };
    await storing({ databaseUrl, sql }, async (first) => {
      await storing({ databaseUrl, sql }, async (second) => {
        expect(await first.store(runId, { events: eventsFrom(0, 5) })).toBe('5');
        for (let round = 0; round < 40; round++)
          expect(await (round % 2 ? first : second).store(runId, live)).toBe('5');
        const { counts } = first.commit;
        expect(counts).toEqual({ atOnce: 1, inSteps: 20, elsewhere: 8 });
      });
    });
    const [row] = await sql`select batches from simcity_run_live where run_id = ${runId}`;
    expect(row).toEqual({ batches: 41 });
  });

  it('refuses a foreign token, a run that has ended and one that was claimed away', async () => {
    const [run, ended, away] = [await claimRun(sql), await claimRun(sql), await claimRun(sql)];
    await storing({ databaseUrl, sql }, async ({ commit, store }) => {
      expect(await store(run, { events: eventsFrom(0, 5) }, OTHER)).toBe('SC001');
      for (const runId of [run, ended, away])
        expect(await store(runId, { events: eventsFrom(0, 5) })).toBe('5');
      expect(await store(run, { events: eventsFrom(5, 5) }, OTHER)).toBe('SC001');
      await sql`select simcity_end_run(${ended}, null, 'STOPPED', 'test', null)`;
      await sql`update simcity_runs set ingest_token_hash = ${OTHER} where id = ${away}`;
      const before = commit.counts.atOnce;
      expect(
        await Promise.all([run, ended, away].map((runId) => store(runId, { events: eventsFrom(5, 5) }))),
      ).toEqual(['10', 'SC001', 'SC001']);
      expect(commit.counts.atOnce).toBeLessThanOrEqual(before + 1);
      expect(await store(away, { events: eventsFrom(5, 5) }, OTHER)).toBe('10');
    });
    expect(await Promise.all([run, ended, away].map(countOf))).toEqual([10, 6, 10]);
  });

  it('tells of a stop that was requested', async () => {
    const runId = await claimRun(sql);
    await storing({ databaseUrl, sql }, async ({ commit, store }) => {
      expect(await store(runId, { events: eventsFrom(0, 5) })).toBe('5');
      await sql`select simcity_request_stop(${runId}, ${"it's enough, \\ say"})`;
      const batch = readBatch(Buffer.from(JSON.stringify({ events: eventsFrom(5, 5) })), runId);
      expect(await commit.store(runId, TOKEN, batch)).toEqual({
        next: 10,
        stopRequested: true,
        stopReason: "it's enough, \\ say",
        difference: null,
      });
      expect(commit.counts).toEqual({ atOnce: 2, inSteps: 0, elsewhere: 0 });
    });
  });

  it('takes snapshots with their events, and with the batch after them', async () => {
    const runId = await claimRun(sql);
    await storing({ databaseUrl, sql }, async ({ commit, store }) => {
      await store(runId, { events: eventsFrom(0, 10) });
      const snapshots = [9, 12, 14].map((index) => ({ index, at, metrics: { index, quote: 0.5 } }));
      expect(await store(runId, { events: eventsFrom(10, 5), snapshots })).toBe('15');
      expect(commit.counts).toEqual({ atOnce: 2, inSteps: 0, elsewhere: 0 });
    });
    expect((await storedOf(runId)).snapshots.map(({ idx }) => idx)).toEqual([9, 12, 14]);
  });

  it('waits for nobody who holds a run, and stores the others', async () => {
    const [held, free] = [await claimRun(sql), await claimRun(sql)];
    await storing({ databaseUrl, sql }, async ({ store }) => {
      for (const runId of [held, free]) await store(runId, { events: eventsFrom(0, 5) });
      let late: Promise<string> | undefined;
      await sql.begin(async (tx) => {
        await tx`select from simcity_runs where id = ${held} for update`;
        late = store(held, { events: eventsFrom(5, 5) });
        expect(await store(free, { events: eventsFrom(5, 5) })).toBe('10');
      });
      expect(await late).toBe('10');
    });
  });

  it.each([1, 2, 3])('stores what it would store step by step: seed %i', async (seed) => {
    const atOnce = [await claimRun(sql), await claimRun(sql)];
    const inSteps = [await claimRun(sql), await claimRun(sql)];
    await storing({ databaseUrl, sql }, async (first) => {
      await storing({ databaseUrl, sql, atOnce: false }, async (second) => {
        const answers = [
          await play(first, atOnce, createPrng(`at once ${seed}`)),
          await play(second, inSteps, createPrng(`at once ${seed}`)),
        ];
        expect(answers[0]).toEqual(answers[1]);
        expect(first.commit.counts.atOnce).toBeGreaterThan(10);
        expect(second.commit.counts.atOnce).toBe(0);
      });
    });
    for (const which of [0, 1]) {
      const stored = await storedOf(String(atOnce[which]));
      expect(stored).toEqual(await storedOf(String(inSteps[which])));
      expect(stored.events.length).toBeGreaterThan(100);
    }
  });

  /** Batches of two runs, some together, some repeated, some with a gap, some with a late snapshot or none of all. */
  async function play(
    { store }: Storing,
    runs: readonly string[],
    random: () => number,
  ): Promise<string[][]> {
    const next = [0, 0];
    const answers: string[][] = [];
    for (let round = 0; round < 60; round++) {
      const sent: Promise<string>[] = [];
      for (let i = between(random, 1, 4); i > 0; i--) {
        const which = between(random, 0, 1);
        const stands = next[which] ?? 0;
        const slip = random();
        const from =
          slip < 0.1 ? Math.max(0, stands - between(random, 1, 9)) : stands + (slip > 0.95 ? 1 : 0);
        const count = between(random, 0, 12);
        const snapshots = [from - 1, from + count - 1]
          .filter((index, place) => index >= 0 && random() < 0.3 && (place === 0 || count > 0))
          .map((index) => ({ index, at, metrics: { index } }));
        const live = random() < 0.3 ? { live: { metrics: { round, i }, eventsPerSecond: round } } : undefined;
        sent.push(store(String(runs[which]), { events: eventsFrom(from, count), snapshots, ...live }));
        if (from <= stands) next[which] = Math.max(stands, from + count);
      }
      const answered = await Promise.all(sent);
      answers.push(answered);
      // From where each really stands, as a harness that was refused does.
      for (const which of [0, 1]) {
        const [row] = await sql<
          { next_index: number }[]
        >`select next_index from simcity_runs where id = ${String(runs[which])}`;
        next[which] = row?.next_index ?? 0;
      }
    }
    for (const [which, runId] of runs.entries()) {
      const last = eventsFrom(next[which] ?? 0, 1).map((event) => ({ ...event, type: 'end' }));
      answers.push([await store(runId, { events: last, end: passed })]);
    }
    return answers;
  }
});
