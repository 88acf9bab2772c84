/** Rows 19, 20, 21 and 23: what is too large, malformed, unstorable, or not allowed, is refused with the right answer. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { followRun } from '../../cli/client/stream.ts';
import { API_BASE, apiPath, type RunEvent } from '../../server/contract/index.ts';
import { eventsFrom, FakeHarness, launch, passed } from '../helpers/server.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants, storedEvents } from './support/invariants.ts';
import { runner, serve } from './support/parts.ts';
import { between, pick } from './support/prng.ts';
import { type Row, row } from './support/row.ts';
import { untilEnded } from './support/runs.ts';
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
    // What is refused for its rate is not looked at: here all is.
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
      const response = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(toTelemetry ? { authorization: `Bearer ${harness.token}` } : {}),
        },
        body,
        signal: AbortSignal.timeout(60_000),
      });
      await response.arrayBuffer();
      count(response.status);
      if (!isJson(body)) expect([400, 422], `the answer to ${body}`).toContain(response.status);
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

/** The status of the answer to raw bytes; 0: the connection was closed without one. */
function rawStream(port: number, bytes: Buffer): Promise<number> {
  const answered = new Promise<number>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const end = (status: number) => {
      socket.destroy();
      resolve(status);
    };
    socket.once('data', (chunk) =>
      end(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1] ?? 599)),
    );
    socket.once('error', () => end(0));
    socket.once('close', () => end(0));
  });
  return within('an answer to a fuzzed request', 30_000, answered);
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

/** What no service under test may be, however it is spelt. */
const ADDRESSES = [
  'http://169.254.169.254/',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[2002:a9fe:a9fe::1]/',
  'http://2852039166/',
  'http://0xa9fea9fe/latest',
  'http://0251.0376.0251.0376/',
  'http://169.254.43518/',
  'http://169.254.169.254:80/',
  'http://100.100.100.200/',
  'http://192.0.0.192/',
  'http://168.63.129.16/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[ff02::1]/',
  'http://[fd00:ec2::254]/',
];

/** A service that only points elsewhere, and where it points: a listener that the operator does not allow. */
async function startCanary(row: Row) {
  let hits = 0;
  const listen = async (server: Server, host: string) => {
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    row.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const forbidden = await listen(
    createServer((_, answer) => {
      hits += 1;
      answer.end('{}');
    }),
    '127.0.0.2',
  );
  const redirecting = await listen(
    createServer((_, answer) => {
      answer.writeHead(307, { location: `http://127.0.0.2:${forbidden}/` });
      answer.end();
    }),
    '127.0.0.1',
  );
  return {
    allowed: '127.0.0.1',
    redirecting: `http://127.0.0.1:${redirecting}`,
    forbidden: [`http://127.0.0.2:${forbidden}`, `http://[::ffff:127.0.0.2]:${forbidden}`],
    hits: () => hits,
  };
}

const SECRETS = { reader: 'reader-secret-0123456789', controller: 'controller-secret-0123456789' };

interface Refused {
  what: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  status: number;
}

row(
  { row: 23, fault: 'tables of Host, Origin, scopes, paths, targets', target: '100 % refused' },
  async (row) => {
    const { databaseUrl, server, sql } = await world(row, {
      SIMCITY_TOKENS: `reader:read:${SECRETS.reader},controller:control:${SECRETS.controller}`,
      SIMCITY_REQUIRE_TOKEN: '1',
      SIMCITY_REQUEST_RATE: '1000',
    });
    const port = Number(new URL(server.url).port);
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
    const runs = `${API_BASE}/runs`;
    const { body: launched } = await post(
      server.url,
      runs,
      bearer(SECRETS.controller),
      '{"target":"memory"}',
    );
    const runId = String((launched as { id: string }).id);
    const ingest = 'sci_0123456789abcdef0123456789abcdef';
    const table: Refused[] = [
      ...[
        'evil.example',
        'localhost.evil.example',
        '10.1.2.3',
        '127.0.0.1.evil.example',
        '[::2]',
        'simcity',
        '169.254.169.254',
        'evil.example:80@127.0.0.1',
        '%',
        ' ',
      ].map((host) => ({
        what: `Host ${host}`,
        headers: { ...bearer(SECRETS.reader), host },
        // What is no host at all is no request at all.
        status: /[@%]/.test(host) ? 400 : 403,
      })),
      ...[
        '/healthz',
        '/readyz',
        '/metrics',
        '/admin/simcity',
        '/openapi.json',
        apiPath.run(runId),
        apiPath.stream(runId),
        apiPath.events(runId),
      ].map((path) => ({
        what: `Host evil.example at ${path}`,
        path,
        headers: { ...bearer(SECRETS.reader), host: 'evil.example' },
        status: 403,
      })),
      ...[runs, apiPath.stop(runId), apiPath.telemetry(runId)].flatMap((path) =>
        [{ host: 'evil.example' }, { origin: 'http://evil.example' }].map((headers) => ({
          what: `${Object.keys(headers)} evil.example, POST ${path}`,
          method: 'POST',
          path,
          headers: { ...bearer(SECRETS.controller), ...headers },
          body: '{"target":"memory"}',
          status: 403,
        })),
      ),
      ...[
        'http://evil.example',
        'null',
        'https://127.0.0.1',
        'http://127.0.0.1:1',
        'http://localhost:3000',
        'file://',
        'chrome-extension://x',
      ].map((origin) => ({
        what: `Origin ${origin}`,
        headers: { ...bearer(SECRETS.reader), origin },
        status: 403,
      })),
      ...[
        '',
        'Bearer ',
        'Bearer x',
        `Bearer ${SECRETS.reader}x`,
        `Bearer ${SECRETS.reader.slice(0, -1)}`,
        `Basic ${SECRETS.reader}`,
        'Bearer null',
      ].map((authorization) => ({
        what: `Authorization ${authorization}`,
        headers: { authorization },
        status: 401,
      })),
      {
        what: 'a token in the URL',
        path: `${runs}?token=${SECRETS.reader}&access_token=${SECRETS.reader}`,
        status: 401,
      },
      {
        what: 'launch with read',
        method: 'POST',
        path: runs,
        headers: bearer(SECRETS.reader),
        body: '{"target":"memory"}',
        status: 403,
      },
      {
        what: 'stop with read',
        method: 'POST',
        path: apiPath.stop(runId),
        headers: bearer(SECRETS.reader),
        body: '{}',
        status: 403,
      },
      { what: 'read with control', path: runs, headers: bearer(SECRETS.controller), status: 403 },
      {
        what: 'stream with control',
        path: apiPath.stream(runId),
        headers: bearer(SECRETS.controller),
        status: 403,
      },
      { what: 'metrics without a token', path: '/metrics', status: 401 },
      {
        what: 'telemetry without a token',
        method: 'POST',
        path: apiPath.telemetry(runId),
        body: '{"events":[]}',
        status: 401,
      },
      {
        what: 'telemetry with read',
        method: 'POST',
        path: apiPath.telemetry(runId),
        headers: bearer(SECRETS.reader),
        body: '{"events":[]}',
        status: 403,
      },
      {
        what: 'telemetry with control',
        method: 'POST',
        path: apiPath.telemetry(runId),
        headers: bearer(SECRETS.controller),
        body: '{"events":[]}',
        status: 403,
      },
      {
        what: 'telemetry of another run',
        method: 'POST',
        path: apiPath.telemetry(runId),
        headers: bearer(ingest),
        body: '{"events":[]}',
        status: 409,
      },
      { what: 'reading with a token of telemetry', path: runs, headers: bearer(ingest), status: 403 },
      ...[
        '../../../etc/passwd',
        '..%2f..%2f..%2fetc%2fpasswd',
        '%2e%2e/%2e%2e',
        '....//',
        '%00',
        "x'--",
        '%ff',
        'a'.repeat(300),
      ].map((name) => ({
        what: `run ${name.slice(0, 30)}`,
        path: `${runs}/${name}/events`,
        headers: bearer(SECRETS.reader),
        status: 404,
      })),
      ...[
        '/admin/simcity/../../package.json',
        '/admin/simcity/%2e%2e/%2e%2e/package.json',
        '/admin/simcity/..%5c..%5cpackage.json',
        '/.git/config',
        '/package.json',
        '//etc/passwd',
        '/admin/simcity/%00',
      ].map((path) => ({ what: `path ${path}`, path, headers: bearer(SECRETS.reader), status: 404 })),
      ...[
        'module:./evil.ts',
        '../evil',
        'file:///etc/passwd',
        'ftp://127.0.0.1/',
        'gopher://127.0.0.1',
        'javascript:alert(1)',
        'unix:/tmp/x',
        'http://user:secret@127.0.0.1/',
      ].map((target) => ({
        what: `target ${target}`,
        method: 'POST',
        path: runs,
        headers: bearer(SECRETS.controller),
        body: JSON.stringify({ target }),
        status: 400,
      })),
      ...[
        '../bookings',
        'a/b',
        '/etc/passwd',
        'Bookings',
        '',
        'a'.repeat(65),
        '.hidden',
        'module:./evil.ts',
      ].map((scenario) => ({
        what: `scenario ${scenario.slice(0, 30)}`,
        method: 'POST',
        path: runs,
        headers: bearer(SECRETS.controller),
        body: JSON.stringify({ target: 'memory', scenario }),
        status: 400,
      })),
    ];
    for (const { what, path = runs, method = 'GET', headers = {}, body = '', status } of table) {
      const type = method === 'POST' ? 'content-type: application/json\r\n' : '';
      const rest = Object.entries({ host: `127.0.0.1:${port}`, ...headers })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('');
      const head = `${method} ${path} HTTP/1.1\r\n${rest}${type}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
      const got = await rawStream(port, Buffer.from(head + body));
      expect(got, what).toBe(status);
    }
    const [alone] = await sql<{ count: number }[]>`select count(*) as count from simcity_runs`;
    expect(alone?.count, 'nothing was launched').toBe(1);

    await post(server.url, apiPath.stop(runId), bearer(SECRETS.controller), '{}');
    const canary = await startCanary(row);
    const parallel = { args: ['--parallel', '4'] };
    const env = { SIMCITY_TOKEN: SECRETS.reader, SIMCITY_TARGETS: canary.allowed };
    await runner(row, server.url, databaseUrl, { ...parallel, env });
    const outcome = async (target: string) => {
      const body = JSON.stringify({ target, config: { operations: 1 } });
      const launched = await post(server.url, runs, bearer(SECRETS.controller), body);
      expect(launched.status, `${target}: ${JSON.stringify(launched.body)}`).toBe(201);
      const { id } = launched.body as { id: string };
      const ended = await untilEndedAs(server.url, SECRETS.reader, id);
      expect(ended.status, target).toBe('FAIL');
      return JSON.stringify(ended.failForensic);
    };
    await Promise.all(
      ADDRESSES.map(async (target) =>
        expect(await outcome(target), target).toMatch(/is refused: .* link-local, metadata or multicast/),
      ),
    );
    for (const target of canary.forbidden)
      expect(await outcome(target), target).toMatch(/is refused: the operator/);
    expect(await outcome(canary.redirecting), 'a redirection').toMatch(/30[0-9]/);
    expect(canary.hits(), 'requests that went where they may not').toBe(0);
    row.say(
      `${table.length} requests; ${ADDRESSES.length} addresses of metadata services, links and many, also spelt as numbers and in IPv6; a service that is not on the operator's list, by two names, and a redirection to it`,
    );
    row.reach('100 % refused, each with the right status; nothing launched');
  },
);

async function post(url: string, path: string, headers: Record<string, string>, body: string) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
}

async function untilEndedAs(url: string, token: string, runId: string) {
  return untilEnded(url, runId, 60_000, { authorization: `Bearer ${token}` });
}
