/** Rows 19, 20 and 21: what is too large, malformed or unstorable is refused with the right answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { askPatiently } from '../../cli/client/patience.ts';
import { followRun } from '../../cli/client/stream.ts';
import { API_BASE, apiPath, type RunEvent } from '../../server/contract/index.ts';
import { eventsFrom, FakeHarness, launch, passed } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants, storedEvents } from './support/invariants.ts';
import { serve } from './support/parts.ts';
import { between, pick } from './support/prng.ts';
import { rawStream } from './support/raw-request.ts';
import { type Row, row } from './support/row.ts';
import { randomOf } from './support/seed.ts';
import { allEnded, Subscriber } from './support/subscriber.ts';
import { within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

async function world(row: Row, env: Record<string, string> = {}) {
  const databaseUrl = await database.create();
  const sql = database.open(row, databaseUrl);
  const server = await serve(row, databaseUrl, { env });
  return { databaseUrl, sql, server };
}

async function withHarness(row: Row, env: Record<string, string> = {}) {
  const { sql, server } = await world(row, env);
  const harness = new FakeHarness(server.url, (await launch(server.url)).id);
  await harness.claim(sql, 600);
  const subscriber = new Subscriber(server.url, harness.runId);
  const finish = async () => {
    expect((await harness.send(1, { end: passed })).status, 'the next batch is accepted').toBe(200);
    await allEnded([subscriber], 30_000);
    return assertInvariants(row, { sql, runId: harness.runId, subscribers: [subscriber] });
  };
  return { sql, server, harness, finish };
}

const MIB = 1024 * 1024;

/** An event whose JSON takes exactly `bytes`. */
function eventOf(index: number, bytes: number): RunEvent {
  const [event] = eventsFrom(index, 1) as [RunEvent];
  event.data = { text: '' };
  event.data = { text: 'é'.repeat(3) + 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(event)) - 6) };
  expect(Buffer.byteLength(JSON.stringify(event))).toBe(bytes);
  return event;
}

row({ row: 19, fault: 'an event of 1 MiB, and of one byte more', target: 'intact; 413' }, async (row) => {
  const { sql, harness, finish } = await withHarness(row);
  await harness.send(3);
  const largest = eventOf(3, MIB);
  expect((await harness.post({ events: [largest] })).status).toBe(200);
  harness.next = 4;
  const refused = await harness.post({ events: [eventOf(4, MIB + 1)] });
  expect(refused.status).toBe(413);
  expect(JSON.stringify(refused.body)).toContain('Event 4');
  const body = await harness.post(`{"events":[],"padding":"${'x'.repeat(4 * MIB)}"}`);
  expect(body.status, 'a batch above 4 MiB').toBe(413);
  for await (const { index, json } of storedEvents(sql, harness.runId)) {
    if (index === 3) expect(json === JSON.stringify(largest), 'stored as it was sent').toBe(true);
  }
  await finish();
  row.say('an event of 1,048,576 bytes of JSON, one of 1,048,577, a batch of more than 4 MiB');
  row.reach('200 and intact; 413 that names the event; 413');
});

row(
  { row: 20, fault: '10,000 malformed requests, 10,000 fuzzed streams', target: 'no 5xx, crash or hang' },
  async (row) => {
    const { server, harness, finish } = await withHarness(row, { SIMCITY_REQUEST_RATE: '100000' });
    await harness.send(50);
    const random = randomOf('malformed');
    const pid = server.partPids('server');
    const valid = JSON.stringify({ events: eventsFrom(50, 2), snapshots: [] });
    const answers = new Map<number, number>();
    const count = (status: number) => answers.set(status, (answers.get(status) ?? 0) + 1);
    await inParallel(10_000, async () => {
      const toTelemetry = random() < 0.7;
      const path = toTelemetry ? apiPath.telemetry(harness.runId) : `${API_BASE}/runs`;
      const body = mutate(
        random,
        toTelemetry ? valid : '{"target":"memory","seed":1,"config":{"operations":1}}',
      );
      const status = await statusOf(`${server.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(toTelemetry ? { authorization: `Bearer ${harness.token}` } : {}),
        },
        body,
      });
      count(status);
      if (!isJson(body)) expect([400, 422], `the answer to ${body}`).toContain(status);
    });
    expect(answers.get(429) ?? 0, 'each is looked at').toBe(0);
    const malformed = [...answers]
      .toSorted()
      .map(([status, times]) => `${times} × ${status}`)
      .join(', ');
    expect(
      [...answers.keys()].filter((status) => status >= 500),
      malformed,
    ).toEqual([]);
    answers.clear();
    const port = Number(new URL(server.url).port);
    await inParallel(10_000, async () => {
      count(await rawStream(port, fuzzedRequest(random, harness.runId)));
    });
    const fuzzed = [...answers]
      .toSorted()
      .map(([status, times]) => `${times} × ${status || 'cut'}`)
      .join(', ');
    expect(
      [...answers.keys()].filter((status) => status >= 500),
      fuzzed,
    ).toEqual([]);
    expect(server.partPids('server'), 'the server is the same process').toEqual(pid);
    const connections = await fuzzClient(10_000, randomOf('fuzzed client'));
    const { body } = await harness.post({ events: [] });
    harness.next = (body as { next: number }).next;
    await finish();
    row.say(
      `10,000 bodies (${malformed}); 10,000 fuzzed requests for a stream (${fuzzed}); 10,000 fuzzed frames to the client over ${connections} connections`,
    );
    row.reach('no 5xx, no crash, no hang; the client delivered each event once, in order');
  },
);

/** The status of the answer. A fast machine's requests are refused for their rate at times, and not looked at: they are made again. */
async function statusOf(url: string, request: RequestInit): Promise<number> {
  const ask = async () => {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(60_000) });
    const retryAfter = response.headers.get('retry-after') ?? undefined;
    return { status: response.status, text: await response.text(), retryAfter };
  };
  return (await askPatiently(ask, { totalMs: 60_000, firstMs: 20 })).status;
}

/** `count` times `work`, a few at once. */
async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

const ODD = [
  '',
  '{',
  ']',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '1e999',
  '-',
  'null',
  '[[',
  '{}',
  ',,',
  '\u0000',
  '\ufeff',
  'NaN',
  '9'.repeat(400),
];

/** `text` with some of it cut, doubled or replaced; sometimes bytes that are no text. */
function mutate(random: () => number, text: string): string | Uint8Array<ArrayBuffer> {
  if (random() < 0.1)
    return Uint8Array.from({ length: between(random, 1, 200) }, () => between(random, 0, 255));
  let mutated = text;
  for (let times = between(random, 1, 4); times > 0; times--) {
    const at = between(random, 0, mutated.length);
    const to = Math.min(mutated.length, at + between(random, 0, 20));
    mutated =
      mutated.slice(0, at) + pick(random, [...ODD, mutated.slice(at, to).repeat(2)]) + mutated.slice(to);
  }
  return mutated;
}

/** True for bytes or text that a parser of JSON takes. */
function isJson(body: string | Uint8Array): boolean {
  try {
    JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body));
    return true;
  } catch {
    return false;
  }
}

function fuzzedRequest(random: () => number, runId: string): Buffer {
  const bytes = (most: number) =>
    Buffer.from(Array.from({ length: between(random, 0, most) }, () => between(random, 0, 255)));
  const cursor = pick(random, [
    '12',
    '12s',
    '49e',
    '-1',
    '1e3',
    '99999999999999999999',
    '0x10',
    '12s12',
    ' 5',
    '٣',
    '',
  ]);
  const query = pick(random, [
    '',
    '?from=0',
    '?from=-1',
    '?mode=live',
    '?mode=x',
    '?after=%00',
    '?after=12&from=3',
    '?%zz',
    '?from=1&from=2',
    `?after=${cursor}`,
  ]);
  const path = pick(random, [
    apiPath.stream(runId),
    `${API_BASE}/runs/latest/stream`,
    `${API_BASE}/runs/%00/stream`,
    `${API_BASE}/runs/${runId.slice(0, 9)}/stream`,
  ]);
  const head = `GET ${path}${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: `;
  const id = random() < 0.5 ? Buffer.from(cursor) : bytes(60);
  return Buffer.concat([Buffer.from(head), id, Buffer.from('\r\nConnection: close\r\n\r\n')]);
}

/** A server that sends what it likes, then the truth; the client must deliver the truth alone. */
async function fuzzClient(frames: number, random: () => number): Promise<number> {
  const events = eventsFrom(0, 200).map((event) => JSON.stringify(event));
  let connections = 0;
  let sent = 0;
  const server = createServer((asked, answer) => {
    connections += 1;
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    const last = asked.headers['last-event-id'];
    const next = last === undefined ? 0 : Number.parseInt(String(last), 10) + 1;
    if (sent >= frames) {
      const rest = events.slice(next).map((data, at) => `event: event\nid: ${next + at}\ndata: ${data}\n\n`);
      const end =
        '{"status":"PASS","pass":true,"eventIndex":199,"durationSecondsActual":1,"failure":null,"stopReason":null}';
      answer.end(`${rest.join('')}event: end\nid: 199e\ndata: ${end}\n\n`);
      return;
    }
    const valid = events
      .slice(next, next + 3)
      .map((data, at) => `event: event\nid: ${next + at}\ndata: ${data}\n\n`)
      .join('');
    for (let frame = 0; frame < 50; frame++, sent++) answer.write(frame === 0 ? valid : noise(random, next));
    answer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const indexes: number[] = [];
  const follow = async () => {
    const runId = '01980000-0000-7000-8000-000000000000';
    for await (const item of followRun({
      connection: { url, token: undefined },
      runId,
      backoffMs: { first: 1, longest: 2 },
    })) {
      if (item.kind === 'frame' && item.frame.frame === 'event') indexes.push(item.frame.data.index);
    }
  };
  try {
    await within('the client has read all', 120_000, follow());
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect(indexes).toEqual(events.map((_, index) => index));
  return connections;
}

/** A frame that is broken, foreign, or in the wrong place; never the event that should come next. */
function noise(random: () => number, next: number): string {
  const data = pick(random, [
    '{',
    '',
    'null',
    '[]',
    '{"index":"1"}',
    '\u0000',
    '{"status":"WRONG"}',
    'x'.repeat(2_000),
    '{}',
  ]);
  const name = pick(random, ['snapshot', 'heartbeat', 'unknown', '', 'EVENT', 'snapshot\u0000']);
  const id = pick(random, [`${Math.max(0, next - 1)}`, '', 'x', '-1', '\u0000', '1e9']);
  const end = pick(random, ['\n\n', '\r\n\r\n', '\r\r']);
  return pick(random, [
    `event: ${name}\ndata: ${data}${end}`,
    `event: ${name}\ndata: ${data}\ndata: ${data}${end}`,
    `: ${data}${end}`,
    `retry: ${data}${end}`,
    `id ${id}${end}`,
    `\ufeffdata:${data}${end}`,
  ]);
}

row(
  { row: 21, fault: 'NUL, lone surrogates, invalid UTF-8', target: '422; next batch accepted' },
  async (row) => {
    const { server, harness, finish } = await withHarness(row);
    const refusals: string[] = [];
    for (const bad of ['\\u0000', '\\ud800', '\\udfff\\ud800', 'x\\udc00y']) {
      const event = (fields: string) =>
        `{"events":[{"index":${harness.next},"at":"2026-01-01T00:00:00.000Z","virtualMs":1,${fields}}]}`;
      const bodies = () => ({
        type: event(`"type":"a${bad}","actor":"b","data":{}`),
        actor: event(`"type":"a","actor":"${bad}","data":{}`),
        value: event(`"type":"a","actor":"b","data":{"deep":[{"x":"${bad}"}]}`),
        key: event(`"type":"a","actor":"b","data":{"${bad}":1}`),
        metric: `{"live":{"metrics":{"${bad}":1},"eventsPerSecond":1}}`,
      });
      for (const where of ['type', 'actor', 'value', 'key', 'metric'] as const) {
        const answer = await harness.post(bodies()[where]);
        expect(answer.status, `${bad} in ${where}: ${JSON.stringify(answer.body)}`).toBe(422);
        if (where !== 'metric') expect(JSON.stringify(answer.body)).toContain(`Event ${harness.next}`);
        refusals.push(where);
        expect((await harness.send(2)).status, 'the next batch').toBe(200);
      }
    }
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]]) {
      const body = Buffer.concat([Buffer.from('{"events":[],"x":"'), Buffer.from(bytes), Buffer.from('"}')]);
      const answer = await fetch(`${server.url}${apiPath.telemetry(harness.runId)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${harness.token}` },
        body,
      });
      expect(answer.status, 'bytes that are no UTF-8').toBe(422);
      await answer.body?.cancel();
      expect((await harness.send(2)).status, 'the next batch').toBe(200);
    }
    const events = await finish();
    row.say(
      `${refusals.length} texts that cannot be stored, in types, actors, values, keys and metrics; 4 bodies that are no UTF-8`,
    );
    row.reach(`422 for each, naming the event; ${events} events of the batches between are stored`);
  },
);
