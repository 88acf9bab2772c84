/** The pushing sink against a receiver that loses answers, goes away, refuses and lags: nothing lost, nothing twice. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpSink, type HttpSinkOptions } from '../../runner/telemetry/http.ts';
import { LeaseLostError, SinkClosedError, TelemetryRefusedError } from '../../runner/telemetry/sink.ts';
import type { EndReport } from '../../server/contract/index.ts';
import { event, Receiver, refusal, type Step } from './telemetry-receiver.ts';

const PASS: EndReport = { status: 'PASS', reason: null, failForensic: null };
let receiver: Receiver;
const sinks: HttpSink[] = [];

beforeEach(async () => {
  receiver = await new Receiver().listen();
});

afterEach(async () => {
  for (const sink of sinks.splice(0)) sink.close();
  await receiver.close();
});

function open(options: Partial<HttpSinkOptions> = {}): HttpSink {
  const limits = { retryFirstMs: 1, retryLastMs: 5, heartbeatMs: 60_000, ...options.limits };
  const sink = new HttpSink({ serverUrl: receiver.url, runId: 'r', token: 'secret', ...options, limits });
  sinks.push(sink);
  return sink;
}

async function fill(sink: HttpSink, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const full = sink.event(event(index));
    if (full) await full;
  }
}

function storedIndexes(): number[] {
  return receiver.events.map(({ index }) => index);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

test('events go out in batches of the size, in order, over one connection, with the token', async () => {
  const sink = open({ limits: { batchItems: 100 } });
  await fill(sink, 0, 1_050);
  await sink.flush();
  expect(storedIndexes()).toEqual(range(1_050));
  expect(receiver.requests.map(({ events }) => events)).toEqual([...Array(10).fill(100), 50]);
  expect(receiver.requests[0]?.authorization).toBe('Bearer secret');
  expect(receiver.connections).toBe(1);
});

test('a few events go out after the linger time without a flush', async () => {
  const sink = open();
  await fill(sink, 0, 3);
  await receiver.until(() => receiver.events.length === 3);
  expect(receiver.requests).toHaveLength(1);
});

test('snapshots and the newest metrics travel with the events; a metric without a value is left out', async () => {
  const sink = open();
  await fill(sink, 0, 10);
  sink.snapshot({ index: 9, at: event(9).at, metrics: { bookings: 4 } });
  sink.live({ bookings: 1 });
  sink.live({ bookings: 4, p95: Number.NaN });
  await sink.flush();
  expect(receiver.snapshots).toEqual([{ index: 9, at: event(9).at, metrics: { bookings: 4 } }]);
  expect(receiver.requests[0]?.live).toMatchObject({ metrics: { bookings: 4 } });
});

test('an idle sink says that the run lives', async () => {
  open({ limits: { heartbeatMs: 5 } });
  await receiver.until(() => receiver.requests.length >= 2);
  expect(receiver.requests.every(({ events }) => events === 0)).toBe(true);
});

test('the end event waits for the report, and both are committed in one batch', async () => {
  const sink = open();
  await fill(sink, 0, 2);
  sink.event(event(2, { type: 'end' }));
  sink.snapshot({ index: 2, at: event(2).at, metrics: { bookings: 1 } });
  await sink.flush();
  expect(receiver.snapshots).toEqual([]);
  expect(storedIndexes()).toEqual([0, 1]);
  expect(receiver.end).toBeNull();
  await sink.end(PASS);
  expect(storedIndexes()).toEqual([0, 1, 2]);
  expect(receiver.end).toEqual(PASS);
  expect(receiver.snapshots).toHaveLength(1);
  expect(receiver.requests.at(-1)?.events).toBe(1);
  expect(() => sink.event(event(3))).toThrow('nothing may follow');
});

test('the end comes in one batch with what follows it, wherever the batches are cut', async () => {
  const sink = open({ limits: { batchItems: 5 } });
  await fill(sink, 0, 4);
  sink.event(event(4, { type: 'end' }));
  sink.snapshot({ index: 4, at: event(4).at, metrics: {} });
  await sink.end(PASS);
  expect(receiver.requests.map(({ events }) => events)).toEqual([5]);
  expect(receiver.snapshots).toHaveLength(1);
  expect(receiver.end).toEqual(PASS);
});

test('an end that can never be taken is an error that names it', async () => {
  receiver.script = (_request, events) =>
    events.some(({ type }) => type === 'end') ? refusal(400, 'invalid_request', 'a bad end') : 'take';
  const sink = open();
  await fill(sink, 0, 4);
  sink.event(event(4, { type: 'end' }));
  sink.snapshot({ index: 4, at: event(4).at, metrics: {} });
  await expect(sink.end(PASS)).rejects.toThrow('can never take event 4: 400 invalid_request: a bad end');
  expect(storedIndexes()).toEqual([0, 1, 2, 3]);
});

test('a full buffer makes the caller wait until half of it is committed', async () => {
  const gate = Promise.withResolvers<Step>();
  receiver.script = () => gate.promise;
  const sink = open({ limits: { batchItems: 10, bufferItems: 40 } });
  let taken = 0;
  let full = sink.event(event(taken++));
  while (!full) full = sink.event(event(taken++));
  expect(taken).toBe(40);
  expect(sink.waiting).toBe(true);
  gate.resolve('take');
  await full;
  expect(sink.waiting).toBe(false);
  expect(receiver.events.length).toBeGreaterThanOrEqual(20);
});

test('a buffer full of text makes the caller wait too', () => {
  const sink = open({ limits: { bufferCharacters: 10_000 } });
  expect(sink.event(event(0))).toBeUndefined();
  expect(sink.event(event(1, { data: { text: 'x'.repeat(10_000) } }))).toBeInstanceOf(Promise);
});

test('lost answers, dropped requests and server errors lose nothing and store nothing twice', async () => {
  const troubles: Step[] = [
    'commit-and-lose-the-answer',
    'drop',
    refusal(503, 'unavailable'),
    { status: 502, body: 'a proxy' },
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 200, body: { hello: 'no SimCity' } },
  ];
  receiver.script = (request) =>
    request % 2 ? (troubles[(request >> 1) % troubles.length] ?? 'take') : 'take';
  const retries: string[] = [];
  const sink = open({ limits: { batchItems: 10 }, onRetry: (why) => retries.push(why) });
  await fill(sink, 0, 200);
  sink.snapshot({ index: 199, at: event(199).at, metrics: {} });
  sink.event(event(200, { type: 'end' }));
  await sink.end(PASS);
  expect(storedIndexes()).toEqual(range(201));
  expect(receiver.snapshots).toHaveLength(1);
  expect(receiver.end).toEqual(PASS);
  expect(retries.join('\n')).toContain('503 unavailable');
  expect(retries.join('\n')).toContain('no SimCity');
});

test('a server that says when to come back is not asked before, nor waited for without end', async () => {
  const asked: number[] = [];
  const after = ['1', '3600', '0'];
  receiver.script = (request) => {
    asked.push(performance.now());
    const header = after[request - 1];
    return header === undefined ? 'take' : { status: 429, headers: { 'retry-after': header } };
  };
  const sink = open({ limits: { retryAfterMs: 1_000 } });
  await fill(sink, 0, 5);
  await sink.flush();
  expect(storedIndexes()).toEqual(range(5));
  expect(asked).toHaveLength(4);
  const [first = 0, second = 0, third = 0] = asked;
  expect([second - first, third - second].map((gap) => gap > 995)).toEqual([true, true]);
});

test('a server that is away is waited for', async () => {
  await receiver.close();
  const { port } = receiver;
  const tried = Promise.withResolvers<void>();
  const sink = open({ onRetry: (_why, attempt) => attempt >= 3 && tried.resolve() });
  await fill(sink, 0, 5);
  await tried.promise;
  await receiver.listen(port);
  await sink.flush();
  expect(storedIndexes()).toEqual(range(5));
});

test('a request that is never answered is made again', async () => {
  receiver.script = (request) => (request === 1 ? new Promise<Step>(() => undefined) : 'take');
  const retries: string[] = [];
  const sink = open({ limits: { answerTimeoutMs: 30 }, onRetry: (why) => retries.push(why) });
  await fill(sink, 0, 1);
  await sink.flush();
  expect(retries).toEqual(['no answer in 30 ms']);
});

test('a lost lease ends the sink at once, for everyone who waits', async () => {
  receiver.script = () => refusal(409, 'lease_lost', 'The run belongs to another runner.');
  const failures: Error[] = [];
  const sink = open({ onFailure: (error) => failures.push(error) });
  await fill(sink, 0, 1);
  await expect(sink.flush()).rejects.toThrow(LeaseLostError);
  expect(failures).toHaveLength(1);
  expect(() => sink.event(event(1))).toThrow('The run belongs to another runner.');
  await expect(sink.flush()).rejects.toThrow(LeaseLostError);
  expect(receiver.requests).toHaveLength(1);
});

test('an event that can never be stored is found in its batch and named; those before it are stored', async () => {
  receiver.script = (_request, events) =>
    events.some(({ index }) => index === 37) ? refusal(422, 'unstorable_text', 'bad text') : 'take';
  const sink = open();
  await fill(sink, 0, 100);
  const failure = await sink.flush().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TelemetryRefusedError);
  expect(failure).toMatchObject({ code: 'unstorable_text' });
  expect(String(failure)).toContain('can never take event 37: 422 unstorable_text: bad text');
  expect(storedIndexes()).toEqual(range(37));
});

test('a batch that is too large is sent in parts', async () => {
  receiver.script = (_request, events) => (events.length > 30 ? refusal(413, 'too_large') : 'take');
  const sink = open();
  await fill(sink, 0, 100);
  await sink.flush();
  expect(storedIndexes()).toEqual(range(100));
});

test('a gap in what the server holds is an error that says what it expects', async () => {
  const sink = open();
  await fill(sink, 0, 10);
  await sink.flush();
  receiver.events.splice(5);
  await fill(sink, 10, 12);
  await expect(sink.flush()).rejects.toThrow(
    'events 10 to 11: 409 sequence_gap: a gap It expects event 5 next.',
  );
});

test('an answer that acknowledges less than was sent is an error', async () => {
  receiver.script = () => ({ status: 200, body: { next: 0, stop: null } });
  const sink = open();
  await fill(sink, 0, 1);
  await expect(sink.flush()).rejects.toThrow('lost events that it had acknowledged');
});

test('a stop in an answer is heard once', async () => {
  const stops: (string | null)[] = [];
  const sink = open({ onStop: (reason) => stops.push(reason) });
  receiver.stop = { reason: 'enough' };
  await fill(sink, 0, 1);
  await sink.flush();
  await fill(sink, 1, 2);
  await sink.flush();
  expect(stops).toEqual(['enough']);
});

test('closing gives up what is under way and tells who waits', async () => {
  const arrived = Promise.withResolvers<void>();
  receiver.script = () => {
    arrived.resolve();
    return new Promise<Step>(() => undefined);
  };
  const failures: Error[] = [];
  const sink = open({ onFailure: (error) => failures.push(error) });
  await fill(sink, 0, 1);
  const flushed = sink.flush();
  await arrived.promise;
  sink.close();
  await expect(flushed).rejects.toThrow(SinkClosedError);
  expect(failures).toEqual([]);
});

test('text that PostgreSQL cannot hold is made visible, also in the report of the end', async () => {
  const sink = open();
  sink.event(event(0, { data: { text: 'a\u0000b\ud800c', literal: '\\u0000 \\ud800', pair: '😀' } }));
  sink.event(event(1, { type: 'end' }));
  await sink.end({ status: 'STOPPED', reason: '\u0000', failForensic: null });
  expect(receiver.events[0]?.data).toEqual({ text: 'a␀b\ufffdc', literal: '\\u0000 \\ud800', pair: '😀' });
  expect(receiver.end?.reason).toBe('␀');
});
