/**
 * The process that publishes to many readers and counts what they get: `load.ts SUBSCRIBE PUBLISH COUNT FORM`.
 * FORM is `batch` for batches of telemetry, `message` for messages of whatever form.
 * One at a time it does what it is told by message, and answers with what came of it.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openReader, sentNow } from './event-reader.ts';

export interface LoadOrder {
  /** Events in one request. */
  bundle: number;
  seconds: number;
  /** Events a second; null: as many as the readers take. */
  rate: number | null;
}

export interface LoadResult {
  /** Events that readers got, a second. */
  perSecond: number;
  delivered: number;
  p50: number;
  p99: number;
  gaps: number;
  /** Events that were published and did not reach every reader. */
  missing: number;
}

/** In place of a result: why there is none. */
export interface LoadFailure {
  failed: string;
}

const [subscribe = '', publish = '', count = '1', form = 'message'] = process.argv.slice(2);
const readers = Number(count);
/** Events under way at once, over all readers, as in a closed loop. */
const WINDOW = 400_000;
/** Readers of which delays are noted, of those that came first as of those that came last; the others are only counted. */
const NOTED = 20;
/** A note costs as much as counting 50 events; no divisor of a bundle, so that every place in one is seen. */
const NOTED_EVERY = 17;

const delays: number[] = [];
const open = Array.from({ length: readers }, (_, i) =>
  openReader(
    subscribe,
    i % Math.ceil(readers / NOTED) === 0 ? (ms) => delays.push(ms) : undefined,
    NOTED_EVERY,
  ),
);
const target = new URL(publish);
const publisher = connect(Number(target.port), target.hostname);
let answered = '';
publisher.setEncoding('latin1').on('data', (text: string) => {
  answered = (answered + text).slice(-400);
});
publisher.on('error', () => undefined);
let index = 0;

const AT = new Date(Math.floor(performance.timeOrigin)).toISOString();

const event = () => {
  return `{"index":${index},"at":"${AT}","virtualMs":${index++},"type":"book.ok","actor":"citizen-017","data":{"sent":${sentNow()},"op":9120,"slot":"slot-003","booking":"b-4711","latencyMs":2.125}}`;
};

/**
 * Requests go out one behind the other on one connection, without waiting for answers: in order, at full speed.
 * @throws Error when the server has closed it.
 */
function post(bundle: number): Promise<void> | undefined {
  if (!publisher.writable) throw closed();
  const events = Array.from({ length: bundle }, event);
  const list = `[${events.join(',')}]`;
  const message = bundle === 1 ? (events[0] as string) : list;
  const body = form === 'batch' ? `{"events":${list}}` : message;
  const head = `POST ${target.pathname}${target.search} HTTP/1.1\r\nHost: ${target.host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  if (publisher.write(head + body)) return;
  return new Promise((resolve, reject) => {
    const settle = () => {
      publisher.off('drain', settle).off('close', settle);
      if (publisher.writable) resolve();
      else reject(closed());
    };
    publisher.on('drain', settle).on('close', settle);
  });
}

function closed(): Error {
  const last = answered.split('\r\n').filter(Boolean).slice(-6).join(' ');
  return new Error(`the server closed the publisher's connection; its last words: ${last}`);
}

/** Lets what has come in be read. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const slowest = () => Math.min(...open.map(({ next }) => next));

async function run({ bundle, seconds, rate }: LoadOrder): Promise<LoadResult> {
  // Until it has reached all: what is published while the last of them subscribe is nobody's to miss.
  const patience = performance.now() + 10_000;
  while ((slowest() < index || index === 0) && performance.now() < patience) {
    await post(1);
    for (let waits = 0; slowest() < index && waits < 1_000; waits++) await delay(1);
  }
  delays.length = 0;
  const before = open.reduce((sum, { received }) => sum + received, 0);
  const begun = performance.now();
  const until = begun + seconds * 1_000;
  let posted = 0;
  if (rate === null) {
    const window = Math.max(bundle, WINDOW / readers);
    while (performance.now() < until) {
      for (const read = slowest(); index - read < window; ) await post(bundle);
      await turn();
    }
  } else {
    while (performance.now() < until) {
      await post(bundle);
      posted += bundle;
      const waitMs = begun + (posted / rate) * 1_000 - performance.now();
      if (waitMs > 0) await delay(waitMs);
    }
  }
  const late = performance.now() + 30_000;
  while (slowest() < index && performance.now() < late) await delay(1);
  const elapsed = (performance.now() - begun) / 1_000;
  delays.sort((a, b) => a - b);
  const delivered = open.reduce((sum, { received }) => sum + received, 0) - before;
  return {
    perSecond: delivered / elapsed,
    delivered,
    p50: delays[Math.floor(delays.length * 0.5)] ?? Number.NaN,
    p99: delays[Math.floor(delays.length * 0.99)] ?? Number.NaN,
    gaps: open.reduce((sum, { gaps }) => sum + gaps, 0),
    missing: index - slowest(),
  };
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ failed: error.message } satisfies LoadFailure),
  );
});
for (let waits = 0; waits < 2_000 && !open.every(({ connected }) => connected); waits++) await delay(5);
// Subscriptions that were answered are made; the first event must reach all of them.
await delay(100);
process.send?.('ready');
