/** The connection on which groups of batches are stored, and that a group stores what its batches would one by one. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { CopyClient, type CopyRows, type MovedRun } from '../../server/db/copy-client.ts';
import { ingest } from '../../server/db/events.ts';
import { blockOf, eventRow } from '../../server/ingest/batch.ts';
import { readBatch } from '../../server/ingest/read-batch.ts';
import { between, createPrng } from '../chaos/support/prng.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { eventsFrom, passed } from '../helpers/server.ts';
import { claimRun, type Storing, storing, TOKEN } from '../helpers/storing.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';

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
  const rowsOf = (runId: string, from: number, count: number) => [
    blockOf(runId, eventsFrom(from, count).map(eventRow)).rows,
  ];
  const only = (events: readonly Buffer[]): CopyRows => ({ events, snapshots: [] });
  const moved = (run: string, next: number): MovedRun => ({
    run,
    first: 0,
    next,
    started: at,
    live: null,
    late: null,
  });
  const begin = (client: CopyClient, runId: string) => client.begin([{ runId, tokenHash: TOKEN }]);
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

  it('takes rows in pieces of any size', async () => {
    const runId = await claimRun(sql);
    await connected(async (client) => {
      const [all = Buffer.alloc(0)] = rowsOf(runId, 0, 20_000);
      const random = createPrng('pieces');
      const pieces: Buffer[] = [];
      for (let from = 0; from < all.length; ) {
        // From single bytes to more than fits the buffers of a connection.
        const size = Math.ceil(2 ** (random() * 20));
        pieces.push(all.subarray(from, from + size));
        from += size;
      }
      await begin(client, runId);
      await client.finish(only(pieces), [moved(runId, 20_000)]);
    });
    const rows = await sql`select idx from simcity_run_events where run_id = ${runId} order by idx`;
    expect(rows.map(({ idx }) => idx)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  it('is usable again, the very same, after an error in the middle of a COPY, at its end, and after it', async () => {
    const runId = await claimRun(sql);
    const other = await claimRun(sql);
    await connected(async (client) => {
      const good = rowsOf(runId, 0, 20_000);
      const broken = Buffer.from(`${runId}\tnot a number\t${at}\t0\tx\ty\t{}\n`);
      const store = async (rows: readonly Buffer[], runs: MovedRun[]) => {
        expect(await begin(client, runId)).toMatchObject([{ runId, next: 0 }]);
        await client.finish({ events: rows, snapshots: [Buffer.from('')] }, runs);
      };
      const refused = async (code: string, rows: readonly Buffer[], runs: MovedRun[]) => {
        await expect(store(rows, runs)).rejects.toMatchObject({ code });
        await client.rollback();
      };
      // Megabytes are still under way when PostgreSQL has said no, in pieces small and large.
      const rest = rowsOf(runId, 20_000, 20_000);
      const small = Array.from({ length: 20_000 }, (_, i) => rowsOf(runId, 40_000 + i, 1)).flat();
      const all = [moved(runId, 60_000)];
      await refused('22P02', [broken, ...good, ...rest, ...small], all);
      const before = await backends();
      await refused('22P02', [...good, broken, ...rest, ...small], all);
      await refused('22P02', [...small, broken, ...small], all);
      await refused('23505', [...good, ...rowsOf(runId, 0, 1)], [moved(runId, 20_000)]);
      // An error after the rows: a run that does not stand there cannot be moved.
      await refused('SC002', good, [moved(runId, 20_000), { ...moved(other, 6), first: 5 }]);
      expect(await countOf(runId)).toBe(0);
      await store(good, [moved(runId, 20_000)]);
      expect(await backends()).toEqual(before);
    });
    expect(await countOf(runId)).toBe(20_000);
  });

  /** With a proxy between, so that the connection can be cut anywhere. */
  async function linked(work: (client: CopyClient, link: TcpProxy) => Promise<void>): Promise<void> {
    const link = await TcpProxy.start(Number(new URL(databaseUrl).port));
    const client = new CopyClient(link.inFrontOf(databaseUrl));
    try {
      await work(client, link);
    } finally {
      await client.close();
      await link.close();
    }
  }

  it('stores nothing outside of a transaction when it breaks in the middle of one', async () => {
    const runId = await claimRun(sql);
    await linked(async (client, link) => {
      await begin(client, runId);
      link.cutAll();
      // Round trips of another connection: by then this one knows.
      for (let trip = 0; trip < 3; trip++) await countOf(runId);
      const finished = client.finish(only(rowsOf(runId, 0, 5)), [moved(runId, 5)]);
      await expect(finished).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      await client.rollback();
      expect(await countOf(runId)).toBe(0);
      await begin(client, runId);
      await client.finish(only(rowsOf(runId, 0, 5)), [moved(runId, 5)]);
    });
    expect(await countOf(runId)).toBe(5);
  });

  it('says that it is not known what became of a commit whose answer is lost', async () => {
    const runId = await claimRun(sql);
    await linked(async (client, link) => {
      link.onAnswer = (piece, one) => {
        if (!piece.includes('COMMIT\0')) return 'pass';
        one.cut();
        return 'drop';
      };
      await begin(client, runId);
      const finished = client.finish(only(rowsOf(runId, 0, 5)), [moved(runId, 5)]);
      await expect(finished).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      expect(await countOf(runId)).toBe(5);
      link.onAnswer = () => 'pass';
      expect(await begin(client, runId)).toMatchObject([{ runId, next: 5, batches: 1 }]);
    });
  });
});

describe('group commit', () => {
  it('refuses a foreign token, a run that has ended and one that was claimed away', async () => {
    const [run, ended, away] = [await claimRun(sql), await claimRun(sql), await claimRun(sql)];
    await storing({ databaseUrl, sql }, async ({ store }) => {
      expect(await store(run, { events: eventsFrom(0, 5) }, OTHER)).toBe('SC001');
      for (const runId of [run, ended, away])
        expect(await store(runId, { events: eventsFrom(0, 5) })).toBe('5');
      expect(await store(run, { events: eventsFrom(5, 5) }, OTHER)).toBe('SC001');
      await sql`select simcity_end_run(${ended}, null, 'STOPPED', 'test', null)`;
      await sql`update simcity_runs set ingest_token_hash = ${OTHER} where id = ${away}`;
      expect(
        await Promise.all([run, ended, away].map((runId) => store(runId, { events: eventsFrom(5, 5) }))),
      ).toEqual(['10', 'SC001', 'SC001']);
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
        difference: null,
        stopReason: "it's enough, \\ say",
      });
    });
  });

  it('takes snapshots with their events, and with the batch after them', async () => {
    const runId = await claimRun(sql);
    await storing({ databaseUrl, sql }, async ({ store }) => {
      await store(runId, { events: eventsFrom(0, 10) });
      const snapshots = [9, 12, 14].map((index) => ({ index, at, metrics: { index, quote: 0.5 } }));
      expect(await store(runId, { events: eventsFrom(10, 5), snapshots })).toBe('15');
    });
    expect((await storedOf(runId)).snapshots.map(({ idx }) => idx)).toEqual([9, 12, 14]);
  });

  /** Stores each batch alone, those of a run one after the other. */
  function alone(): Pick<Storing, 'store'> {
    const last = new Map<string, Promise<unknown>>();
    return {
      store(runId, batch) {
        const read = readBatch(Buffer.from(JSON.stringify(batch)), runId);
        const stored = (last.get(runId) ?? Promise.resolve())
          .then(() => ingest(sql, runId, TOKEN, read))
          .then(
            ({ next }) => String(next),
            (error: { code?: unknown }) => String(error.code),
          );
        last.set(runId, stored);
        return stored;
      },
    };
  }

  it.each([1, 2, 3])('stores what each batch alone would store: seed %i', async (seed) => {
    const together = [await claimRun(sql), await claimRun(sql)];
    const apart = [await claimRun(sql), await claimRun(sql)];
    await storing({ databaseUrl, sql }, async (writer) => {
      const answers = await play(writer, together, createPrng(`group ${seed}`));
      expect(answers).toEqual(await play(alone(), apart, createPrng(`group ${seed}`)));
      expect(writer.added.length).toBeGreaterThan(10);
      expect(writer.changed.length).toBeGreaterThan(10);
    });
    for (const which of [0, 1]) {
      const stored = await storedOf(String(together[which]));
      expect(stored).toEqual(await storedOf(String(apart[which])));
      expect(stored.events.length).toBeGreaterThan(100);
    }
  });

  /** Batches of two runs, some together, some repeated, some with a gap, some with a late snapshot or none of all. */
  async function play(
    { store }: Pick<Storing, 'store'>,
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
