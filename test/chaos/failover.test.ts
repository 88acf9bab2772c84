/** Rows 31 and 32: the database goes on elsewhere, with and without the loss of commits, and waits for a standby in vain. */
import { expect } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { type Answer, call, eventsFrom, FakeHarness, launch, passed } from '../helpers/server.ts';
import { collect, placeIn, readSse } from '../helpers/sse.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, type Serving, serve, startSimcity } from './support/parts.ts';
import { type Row, row } from './support/row.ts';
import { launchRun, newestRun, untilEnded } from './support/runs.ts';
import { FULL } from './support/seed.ts';
import { lacksReplication, ReplicatedDatabase } from './support/standby.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
import { until } from './support/until.ts';

/** Events that are stored before, and those that are lost. */
const KEPT = 60;
const LOST = 40;

/** What loses the newest of the database; `before` is called where the older state is. */
type Loss = (before: () => Promise<void>, after: () => Promise<void>) => Promise<void>;

/** Another attempt at the run of `harness`, which lost it. */
async function claimedAgain(sql: Sql, { base, runId }: FakeHarness): Promise<FakeHarness> {
  const [lost] = await sql`
    select simcity_lose_run(id, fence, simcity_harness_forensic(id, 'harness-lost', 'its database went back')) as became
    from simcity_runs where id = ${runId}`;
  expect(lost?.['became']).toBe('QUEUED');
  const again = new FakeHarness(base, runId);
  await until('it is claimed again', 10_000, () => again.claim(sql).then(() => true));
  return again;
}

/** Subscribers of two servers, at different places, through a loss; each judged by what is stored in the end. */
async function throughLoss(row: Row, pair: ReplicatedDatabase, servers: readonly Serving[], lose: Loss) {
  const sql = pair.open(row);
  const [first] = servers as [Serving];
  const harness = new FakeHarness(first.url, (await launch(first.url, { target: 'memory' })).id);
  await harness.claim(sql);
  const readers = servers.flatMap(({ url }) => subscribe(2, url, harness.runId));
  const [early] = subscribe(1, first.url, harness.runId) as [Subscriber];
  const all = (count: number) => () => readers.every(({ next }) => next === count);
  await lose(
    async () => {
      await harness.send(KEPT);
      await until('all have read what stays', 20_000, () => all(KEPT)() && early.next === KEPT);
      early.close();
    },
    async () => {
      await harness.send(LOST);
      await until('all have read what gets lost', 20_000, all(KEPT + LOST));
    },
  );
  const begun = performance.now();
  await until('each is told to start over', 20_000, () => readers.every(({ resets }) => resets === 1));
  row.time('told to start over', performance.now() - begun, 10_000);
  await until('each has what is stored', 20_000, all(KEPT));
  const lostIds = readers.map(({ lastId }) => lastId);
  expect(new Set(lostIds).size, 'one history').toBe(1);

  const refused = await until('ingest answers', 20_000, async () => {
    const answer = await harness.send(1);
    return answer.status === 409 ? answer : null;
  });
  expect(refused.body).toMatchObject({ error: { code: 'sequence_gap', expected: KEPT } });
  const again = await claimedAgain(sql, harness);
  await again.send(KEPT);
  return { sql, harness: again, readers, early };
}

row(
  {
    row: 31,
    fault: 'a failover that loses commits, and a restore from a backup, in the middle of runs',
    target: 'each subscriber gets reset, and then what is stored; no false verdict',
    cannot: lacksReplication,
    timeoutMs: 240_000,
  },
  async (row) => {
    const pair = await ReplicatedDatabase.start(row, { isSynchronous: false });
    const servers = [await serve(row, pair.url), await serve(row, pair.url)];
    const [first] = servers as [Serving];
    const ways: [string, Loss][] = [
      [
        'failover',
        async (before, after) => {
          await before();
          await pair.caughtUp();
          pair.partStandby();
          await after();
          await pair.failOver();
        },
      ],
      [
        'restore',
        async (before, after) => {
          await before();
          const backup = await pair.backUp();
          await after();
          await pair.restore(backup);
        },
      ],
    ];
    for (const [way, lose] of ways) {
      row.say(`${way} with the loss of ${LOST} acknowledged events`);
      const { sql, harness, readers, early } = await throughLoss(row, pair, servers, lose);
      const lastOfOld = readers.map(({ lastId }) => lastId);
      // It goes on beyond where it was, so that the places of before lie within it.
      await harness.send(2 * LOST);
      const reset = await collect(
        await readSse(`${first.url}${apiPath.stream(harness.runId)}?after=${KEPT + 1}.00000000`),
        ({ frame }) => frame === 'event',
      );
      expect(reset.map(({ frame }) => frame)).toEqual(['reset', 'heartbeat', 'event']);
      expect(placeIn(reset.at(-1)?.id)).toBe('0');
      // Who read no more than what is stored goes on, without a word.
      const rest = await collect(
        await readSse(`${first.url}${apiPath.stream(harness.runId)}`, {
          'last-event-id': early.lastId ?? '',
        }),
        ({ frame }) => frame === 'event',
      );
      expect(rest.map(({ frame }) => frame)).toEqual(['heartbeat', 'event']);
      expect(placeIn(rest.at(-1)?.id)).toBe(String(KEPT));
      expect(lastOfOld[0]).toBe(early.lastId);
      await harness.send(1, { end: passed });
      await allEnded(readers, 20_000);
      const count = await assertInvariants(row, { sql, runId: harness.runId, subscribers: readers });
      expect(readers.map(({ resets }) => resets)).toEqual(readers.map(() => 1));
      row.reach(
        `${way}: ${readers.length} subscribers of ${servers.length} servers, ${count} events in the end`,
      );
      if (way === 'failover') await pair.addStandby();
    }
    await realRun(row, pair, first);
  },
);

/** A run of the product's own through a failover: it is executed again, and a follower tells all of it anew. */
async function realRun(row: Row, pair: ReplicatedDatabase, server: Serving): Promise<void> {
  const sql = pair.open(row);
  await runner(row, server.url, pair.url);
  await launchRun(server.url, { operations: 1_500, rate: 150 });
  const { id } = await newestRun(server.url, ({ status }) => status === 'RUNNING');
  const [reader] = subscribe(1, server.url, id) as [Subscriber];
  const follower = await startSimcity(row, ['watch', id, '--json', '--server', server.url]);
  await until('it is under way', 30_000, () => reader.next > 100);
  await pair.caughtUp();
  pair.partStandby();
  const before = reader.next;
  await until('it goes on alone', 30_000, () => reader.next > before + 100);
  await pair.failOver();
  const run = await untilEnded(server.url, id, 60_000);
  expect(run, 'executed again, and judged as any other').toMatchObject({
    status: 'PASS',
    lostAttempts: [{ attempt: 1 }],
  });
  await allEnded([reader], 20_000);
  await assertInvariants(row, { sql, runId: id, subscribers: [reader] });
  expect(reader.resets).toBe(1);
  expect(await follower.ended).toBe(0);
  const frames = follower.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { frame: string });
  expect(frames.filter(({ frame }) => frame === 'reset')).toHaveLength(1);
  const told = frames.slice(frames.findIndex(({ frame }) => frame === 'reset'));
  expect(told.filter(({ frame }) => frame === 'event')).toHaveLength(reader.next);
  row.reach('a real run is executed again, PASS; simcity watch --json tells reset, then all of it');
}

const FAILOVERS = FULL ? 20 : 4;
const BATCH = 5;

/** A harness that sends without a pause, each batch until it is acknowledged. */
class Writer {
  readonly harness: FakeHarness;
  readonly acknowledged = new Map<number, string>();
  /** Statuses of the answers; 0: none came. */
  readonly statuses = new Map<number, number>();
  readonly #over = new AbortController();
  #sending: Promise<void> = Promise.resolve();

  constructor(harness: FakeHarness) {
    this.harness = harness;
  }

  start(): void {
    this.#sending = this.#sendOn();
  }

  /** Resolves once what is under way is acknowledged. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#sending;
  }

  async #sendOn(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const events = eventsFrom(this.harness.next, BATCH);
      await until('a batch is acknowledged', 60_000, async () => {
        const { status } = await this.harness.post({ events }).catch(() => ({ status: 0 }));
        this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
        return status === 200;
      });
      for (const event of events) this.acknowledged.set(event.index, JSON.stringify(event));
      this.harness.next += BATCH;
    }
  }
}

/** Ends the wait for the standby of the commit that `send` makes; answers what `send` is answered. */
async function interrupted(
  sql: Sql,
  by: 'pg_cancel_backend' | 'pg_terminate_backend',
  send: () => Promise<Answer>,
): Promise<Answer> {
  const interruptOne = () => sql`
    select ${sql(by)}(pid) from pg_stat_activity
    where wait_event = 'SyncRep' and (query like '%simcity_ingest%' or application_name = 'simcity-server'
      and query = 'commit')`;
  for (;;) {
    let isAnswered = false;
    const answer = send().finally(() => {
      isAnswered = true;
    });
    const became = await until('a commit waits, and is interrupted', 20_000, async () =>
      isAnswered ? 'answered' : (await interruptOne()).length > 0 && 'interrupted',
    );
    if (became === 'interrupted') return answer;
    // A connection that broke with the last failover fails at once.
    expect((await answer).status).toBe(503);
  }
}

row(
  {
    row: 32,
    fault: `${FAILOVERS} synchronous failovers under load; then no standby`,
    target: 'no acknowledged event lost, I1 to I4; 503 within 20 s, and answer, log and doctor say why',
    cannot: lacksReplication,
    timeoutMs: FULL ? 900_000 : 240_000,
  },
  async (row) => {
    const pair = await ReplicatedDatabase.start(row, { isSynchronous: true });
    const server = await serve(row, pair.url);
    const sql = pair.open(row);
    const harness = new FakeHarness(server.url, (await launch(server.url, { target: 'memory' })).id);
    await harness.claim(sql, 600);
    const readers = subscribe(2, server.url, harness.runId);
    const writer = new Writer(harness);
    const { acknowledged } = writer;
    writer.start();
    for (let time = 0; time < FAILOVERS; time++) {
      const before = acknowledged.size;
      await until('it goes on', 60_000, () => acknowledged.size > before + 10 * BATCH);
      await pair.failOver();
      await pair.addStandby();
    }
    await writer.stop();
    row.say(`${FAILOVERS} failovers while a harness sent without a pause`);
    const statuses = [...writer.statuses].map(([status, count]) => `${status || 'none'}: ${count}`);
    row.reach(`${acknowledged.size} events acknowledged; answers ${statuses.join(', ')}`);
    expect(new Set([0, 200, 503]), 'answers').toEqual(new Set([0, 200, 503, ...writer.statuses.keys()]));

    row.say('the standby goes; waits for it are cancelled and terminated');
    pair.partStandby();
    const events = eventsFrom(harness.next, BATCH);
    // The first by COPY; the others repeat what is stored meanwhile, by themselves.
    for (const by of ['pg_cancel_backend', 'pg_cancel_backend', 'pg_terminate_backend'] as const)
      expect(await interrupted(sql, by, () => harness.post({ events })), by).toMatchObject({ status: 503 });
    const begun = performance.now();
    const refused = await harness.post({ events });
    row.time('without a standby: 503', performance.now() - begun, 20_000);
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { message: expect.stringContaining('synchronous standby') } },
    });
    expect(await server.logs()).toContain('synchronous standby');
    const ready = await call(server.url, 'GET', '/readyz');
    expect(ready).toMatchObject({
      status: 503,
      body: { error: { message: expect.stringContaining('standby') } },
    });
    const doctor = await startSimcity(row, ['doctor', '--server', server.url]);
    await doctor.ended;
    expect(doctor.stdout + doctor.stderr).toContain('synchronous standby');

    pair.joinStandby();
    await until('the standby is back', 30_000, async () => (await harness.post({ events })).status === 200);
    for (const event of events) acknowledged.set(event.index, JSON.stringify(event));
    harness.next += BATCH;
    await until('it is ready', 20_000, async () => (await call(server.url, 'GET', '/readyz')).status === 200);
    await harness.send(1, { end: passed });
    await allEnded(readers, 30_000);
    await assertInvariants(row, { sql, runId: harness.runId, subscribers: readers, acknowledged });
    expect(readers.map(({ resets }) => resets)).toEqual([0, 0]);
  },
);
