/** Rows 12, 13, 14 and 24: readers that stall, come and go, come back all at once, or read what is removed. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect } from 'vitest';
import { apiPath, type RunEvent } from '../../server/contract/index.ts';
import { freePort } from '../helpers/folder.ts';
import { eventsFrom, FakeHarness, launch, passed } from '../helpers/server.ts';
import { assertBack, baselineAfter, takeBaseline } from './support/baseline.ts';
import { ChaosDatabase } from './support/database.ts';
import { inspectable, liveBytes } from './support/inspect.ts';
import { assertInvariants } from './support/invariants.ts';
import { serve, startSimcity } from './support/parts.ts';
import { type Row, row, seconds } from './support/row.ts';
import { allEnded, Subscriber, subscribe } from './support/subscriber.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const STREAMS = 'simcity_stream_subscribers';
const BACKLOG = 'simcity_stream_backlog_bytes';

async function world(row: Row) {
  const databaseUrl = await database.create();
  const sql = database.open(row, databaseUrl);
  const inspectorPort = await freePort();
  const server = await serve(row, databaseUrl, { env: inspectable(inspectorPort) });
  const harness = new FakeHarness(server.url, (await launch(server.url)).id);
  await harness.claim(sql, 600);
  const [pid = 0] = server.partPids('server');
  const live = async () => (await liveBytes(pid, inspectorPort)) / 2 ** 20;
  const baseline = () => takeBaseline(pid, inspectorPort);
  const warmBaseline = (warm: () => Promise<void>) => baselineAfter(pid, inspectorPort, warm);
  /** What a run with that many readers and large events costs once, in code and pools, is no leak. */
  const warmUp = async (readers: number, batches: number) => {
    const warm = new FakeHarness(server.url, (await launch(server.url)).id);
    await warm.claim(sql, 600);
    const subscribers = subscribe(readers, server.url, warm.runId);
    await warm.send(10);
    await until('all read', 60_000, () => subscribers.every(({ next }) => next === warm.next));
    // Those that fall behind read from the database, by buffers that it keeps.
    const slow = subscribers.slice(0, batches > 0 ? 5 : 0);
    for (const subscriber of slow) subscriber.stall();
    for (let batch = 0; batch < batches; batch++) await sendLarge(warm, 60, 50_000);
    for (const subscriber of slow) subscriber.resume();
    await until('all read', 60_000, () => subscribers.every(({ next }) => next === warm.next));
    for (const subscriber of subscribers) subscriber.cut();
    await warm.send(1, { end: passed });
    await allEnded(subscribers, 60_000);
    await until('no stream is open', 20_000, async () => (await gauge(server.url, STREAMS)) === 0);
  };
  return { databaseUrl, sql, server, harness, live, baseline, warmBaseline, warmUp };
}

/** Sends `count` events of `bytes` each. */
async function sendLarge(harness: FakeHarness, count: number, bytes: number): Promise<void> {
  const events: RunEvent[] = eventsFrom(harness.next, count);
  for (const event of events) event.data = { text: 'x'.repeat(bytes) };
  // As a harness does: a connection that the server closed meanwhile is no answer, and the batch is sent again.
  const { status, body } = await until('a large batch is answered', 30_000, () => harness.post({ events }));
  expect(status, JSON.stringify(body)).toBe(200);
  harness.next += count;
}

async function gauge(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

row(
  {
    row: 12,
    fault: 'readers that take nothing among 50',
    target: 'cut ≤ 12 s, ≤ 2 MiB held for each; others p99 ≤ 250 ms; they resume by I1',
  },
  async (row) => {
    const { sql, server, harness, live, warmBaseline, warmUp } = await world(row);
    const before = await warmBaseline(() => warmUp(50, 4));
    const sentAt = new Map<number, number>();
    const latencies: number[] = [];
    const onEvent = (index: number) => {
      const sent = sentAt.get(index);
      if (sent !== undefined) latencies.push(performance.now() - sent);
    };
    // It is the server that must lose patience: their own watchdog would count the stall as a dead link.
    const stalled = subscribe(5, server.url, harness.runId, { idleMs: 120_000 });
    const others = subscribe(45, server.url, harness.runId, { onEvent });
    const all = [...stalled, ...others];
    await harness.send(10);
    await until('all have caught up', 60_000, () => all.every(({ next }) => next === harness.next));
    for (const subscriber of stalled) subscriber.stall();
    await sendLarge(harness, 60, 50_000);
    // The kernel's buffers have taken the first of it: from now on the server has to wait for them.
    const stalledAt = performance.now();
    for (let batch = 0; batch < 3; batch++) await sendLarge(harness, 60, 50_000);
    const duringMib = await live();
    let backlog = 0;
    const streams = () => gauge(server.url, STREAMS);
    expect(await streams()).toBe(50);
    let cut = false;
    const cutAt = until('the stalled ones are cut', 30_000, async () => (await streams()) <= 45)
      .then(() => performance.now())
      .finally(() => {
        cut = true;
      });
    cutAt.catch(() => undefined);
    while (!cut) {
      const at = performance.now();
      for (let i = 0; i < 5; i++) sentAt.set(harness.next + i, at);
      await harness.send(5);
      backlog = Math.max(backlog, await gauge(server.url, BACKLOG));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    row.time('cut', (await cutAt) - stalledAt, 12_000);
    latencies.sort((a, b) => a - b);
    row.time('from sending to the others, p99', latencies[Math.floor(latencies.length * 0.99)] ?? 0, 250);
    row.reach(`p50 ${seconds(latencies[Math.floor(latencies.length / 2)] ?? 0)}`);
    expect(backlog, 'bytes that wait for a stalled reader').toBeGreaterThan(0);
    row.amount('waiting for one at most', backlog / 2 ** 20, 2, 'MiB');
    // Whatever else the server keeps is there before and after the cut.
    row.amount(
      'less memory after the cut, for each',
      Math.max(0, duringMib - (await live())) / stalled.length,
      2,
      'MiB',
    );
    for (const subscriber of stalled) subscriber.resume();
    await harness.send(1, { end: passed });
    await allEnded(all, 60_000);
    for (const { connects } of stalled) expect(connects, 'the stalled ones came back').toBeGreaterThan(1);
    await assertInvariants(row, { sql, runId: harness.runId, subscribers: all });
    await assertBack(row, before);
    row.say(
      `5 of 50 readers stalled behind 12 MB; ${latencies.length} deliveries to the others timed meanwhile`,
    );
  },
);

row({ row: 13, fault: '1,000 cycles of connecting and leaving', target: 'I5 within 10 %' }, async (row) => {
  const { sql, server, harness, warmBaseline } = await world(row);
  for (let batch = 0; batch < 5; batch++) await harness.send(100);
  const cycles = async (count: number) => {
    for (let done = 0; done < count; done += 20) {
      await Promise.all(Array.from({ length: 20 }, () => connectAndLeave(server.url, harness.runId)));
    }
    await until('no stream is open', 10_000, async () => (await gauge(server.url, STREAMS)) === 0);
  };
  const before = await warmBaseline(() => cycles(300));
  await cycles(1_000);
  row.say('1,000 cycles by 20 at once, after some hundreds to warm up; garbage collected before each look');
  await assertBack(row, before);
  await harness.send(1, { end: passed });
  const [subscriber] = subscribe(1, server.url, harness.runId) as [Subscriber];
  await allEnded([subscriber], 20_000);
  await assertInvariants(row, { sql, runId: harness.runId, subscribers: [subscriber] });
});

/** Reads the beginning of a stream and leaves in the middle of it. */
function connectAndLeave(url: string, runId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${apiPath.stream(runId)}`, { agent: false }, (response) => {
      response.once('data', () => {
        sent.destroy();
        resolve();
      });
    });
    sent.on('error', (error) => (sent.destroyed ? resolve() : reject(error)));
    sent.end();
  });
}

row(
  { row: 14, fault: '500 readers come back within a second', target: 'no 5xx, caught up ≤ 10 s' },
  async (row) => {
    const { sql, server, harness, baseline, warmUp } = await world(row);
    await warmUp(500, 0);
    const before = await baseline();
    const readers = subscribe(500, server.url, harness.runId);
    await harness.send(500);
    await until('all read', 60_000, () => readers.every(({ next }) => next === harness.next));
    const comeBackMs: number[] = [];
    for (let round = 0; round < 3; round++) {
      const connects = readers.map((reader) => reader.connects);
      for (const reader of readers) reader.cut();
      const cut = performance.now();
      await harness.send(500);
      await until('all are back and have caught up', 120_000, () =>
        readers.every((reader, at) => reader.connects > (connects[at] ?? 0) && reader.next === harness.next),
      );
      comeBackMs.push(performance.now() - cut);
    }
    row.say('3 times: all 500 links cut, 500 events sent meanwhile');
    row.time('caught up', Math.max(...comeBackMs), 10_000);
    await harness.send(1, { end: passed });
    await allEnded(readers, 60_000);
    await assertInvariants(row, { sql, runId: harness.runId, subscribers: readers });
    expect(readers.flatMap(({ refusals }) => [...refusals.keys()])).toEqual([]);
    row.reach('no 5xx');
    await assertBack(row, before);
  },
);

row({ row: 24, fault: 'a run is pruned under its reader', target: '`reset`, never a hole' }, async (row) => {
  const { databaseUrl, sql, server, harness, baseline, warmUp } = await world(row);
  await warmUp(1, 10);
  const before = await baseline();
  for (let batch = 0; batch < 10; batch++) await sendLarge(harness, 60, 50_000);
  const reader = new Subscriber(server.url, harness.runId, {
    idleMs: 120_000,
    onEvent: (index) => {
      if (index === 5) reader.stall();
    },
  });
  row.defer(() => reader.close());
  await until('the reader has begun', 30_000, () => reader.next > 5);
  await harness.send(1, { end: passed });
  // As if it had been launched a while ago.
  await sql`update simcity_runs set created_at = now() - interval '2 days' where id = ${harness.runId}`;
  const pruning = await startSimcity(row, ['prune', '--keep', '1d', '--json'], {
    env: { DATABASE_URL: databaseUrl, SIMCITY_URL: server.url },
  });
  expect(await pruning.ended, pruning.stderr).toBe(0);
  expect(JSON.parse(pruning.stdout), pruning.stderr).toMatchObject({ runs: 1 });
  expect((await sql`select id from simcity_runs where id = ${harness.runId}`).length).toBe(0);
  reader.resume();
  await until(
    'the reader is told',
    60_000,
    () => reader.others.length > 0 || (reader.refusals.get(410) ?? 0) > 0,
  );
  expect(reader.problems, 'never a hole').toEqual([]);
  expect(reader.next, 'a beginning of the history').toBeLessThan(harness.next);
  expect(reader.others.filter((kind) => kind !== 'reset')).toEqual([]);
  const again = await fetch(`${server.url}${apiPath.stream(harness.runId)}`);
  expect(again.status).toBe(410);
  await again.body?.cancel();
  expect(reader.others, 'the stream said it before it ended').toContain('reset');
  const events = await fetch(`${server.url}${apiPath.events(harness.runId)}?from=10`);
  expect(events.status).toBe(410);
  row.say('a reader that stalled at event 5 of 601; `simcity prune` took the run away');
  row.reach(`it saw ${reader.next} events without a hole, then reset; whoever asks after it gets 410`);
  reader.close();
  await assertBack(row, before);
});
