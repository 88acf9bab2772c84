/** Rows 15 and 16: requests and answers of the telemetry are lost, repeated, swapped; the server dies after a commit. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { Sql } from '../../server/db/client.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { runner, serve } from './support/parts.ts';
import { row } from './support/row.ts';
import { launchRun, untilEnded } from './support/runs.ts';
import { randomOf } from './support/seed.ts';
import { allEnded, type Subscriber, subscribe } from './support/subscriber.ts';
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
    const unheard: StoredRow[] = [];
    for (let death = 0; death < deaths; death++) {
      const place = first.next + 300;
      await until('the run goes on', 60_000, () => first.next > place);
      await within('a batch is committed and nobody told', 30_000, commitUnheard(link, sql, run.id));
      await server.killPart('server');
      link.cutAll();
      link.onAnswer = () => 'pass';
      const stored = await rowsFrom(sql, run.id, proxy.countOf(run.id));
      expect(stored.length, 'events that are stored and not acknowledged').toBeGreaterThan(0);
      unheard.push(...stored);
    }
    await allEnded(subscribers, 120_000);
    const acknowledged = proxy.acknowledged.get(run.id);
    const events = await assertInvariants(row, { sql, runId: run.id, subscribers, acknowledged });
    expect(acknowledged?.size).toBe(events);
    const stored = new Map((await rowsFrom(sql, run.id, 0)).map((each) => [each.idx, each]));
    for (const each of unheard) expect(stored.get(each.idx), 'the retry wrote nothing again').toEqual(each);
    expect((await untilEnded(server.url, run.id, 10_000)).status).toBe('PASS');
    row.say(
      `${deaths} times: what tells of a commit kept back, kill -9 of the server; ${unheard.length} of ${events} events were stored and not acknowledged`,
    );
    row.reach('sent again, acknowledged, and stored by the first of their two transactions');
  },
);

interface StoredRow {
  idx: number;
  /** The transaction that wrote it, and where. */
  by: string;
  place: string;
}

function rowsFrom(sql: Sql, runId: string, from: number): Promise<StoredRow[]> {
  return sql<StoredRow[]>`
    select idx, xmin::text as by, ctid::text as place from simcity_run_events
    where run_id = ${runId} and idx >= ${from} order by idx`;
}

/**
 * Resolves once the server has stored a batch of a run and cannot know: from then on no answer of PostgreSQL passes.
 * Each answer waits, one after the other, until the stored history was looked at. When it is longer than at the look
 * before, whatever tells of that commit was sent after that look, so it is this answer or a later one. It does not
 * matter in how many messages a batch is stored.
 */
function commitUnheard(link: TcpProxy, sql: Sql, runId: string): Promise<void> {
  const committed = Promise.withResolvers<void>();
  let known = Number.POSITIVE_INFINITY;
  let over = false;
  let turn: Promise<unknown> = Promise.resolve();
  const look = async (): Promise<'pass' | 'drop'> => {
    const [run] = await sql<
      { next: number }[]
    >`select next_index as next from simcity_runs where id = ${runId}`;
    const next = run?.next ?? 0;
    over ||= next > known;
    known = next;
    if (!over) return 'pass';
    committed.resolve();
    return 'drop';
  };
  link.onAnswer = () => {
    const fate = turn.then(look);
    turn = fate.catch(committed.reject);
    return fate;
  };
  return committed.promise;
}
