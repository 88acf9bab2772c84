/** A server with a run that never ends, streamed at a steady rate or as fast as the reader takes it. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { heartbeat, recordedEvent, recordedMetrics, recordedRun } from '../../helpers/recorded-run.ts';

export interface Flood {
  url: string;
  /** Events that were sent to the newest reader. */
  sent(): number;
  close(): void;
}

interface Reader {
  response: ServerResponse;
  index: number;
  /** True for `mode=live`: four times a second the newest 20 events, as the server conflates. */
  thin: boolean;
}

const TICK_MS = 20;
const FLUSH_MS = 250;
const BURST = 500;

/** `perSecond` null: as fast as each reader takes it. */
export async function startFlood(perSecond: number | null): Promise<Flood> {
  const readers = new Set<Reader>();
  let newest: Reader | null = null;
  const run = recordedRun();
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://flood');
    if (!url.pathname.endsWith('/stream')) return void response.end(answer(url.pathname, run));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    newest = { response, index: 0, thin: url.searchParams.get('mode') === 'live' };
    readers.add(newest);
    const own = newest;
    response.on('close', () => readers.delete(own));
    response.write(beat(0));
    if (perSecond === null) sendAll(own, readers);
  });
  const timer = perSecond === null ? null : steady(readers, perSecond);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    sent: () => newest?.index ?? 0,
    close: () => {
      if (timer !== null) clearInterval(timer);
      http.closeAllConnections();
      http.close();
    },
  };
}

function answer(path: string, run: unknown): string {
  return JSON.stringify(/\/runs\/[^/]+$/.test(path) ? run : { events: [], snapshots: [], next: null });
}

function steady(readers: ReadonlySet<Reader>, perSecond: number): NodeJS.Timeout {
  let due = performance.now();
  let ticks = 0;
  return setInterval(() => {
    for (const now = performance.now(); due < now; due += TICK_MS) {
      ticks += 1;
      const count = (perSecond * TICK_MS) / 1_000;
      for (const reader of readers) {
        if (!reader.thin) reader.response.write(stretch(reader, count));
        else reader.index += count;
        if (reader.thin && ticks % (FLUSH_MS / TICK_MS) < 1) reader.response.write(flush(reader));
        if (ticks % (1_000 / TICK_MS) === 0) reader.response.write(beat(reader.index));
      }
    }
  }, TICK_MS);
}

/** Writes until the reader is full, and goes on when it is not any more. */
function sendAll(reader: Reader, readers: ReadonlySet<Reader>): void {
  if (!readers.has(reader)) return;
  while (reader.response.write(stretch(reader, BURST))) {
    if (reader.index % 50_000 < BURST) {
      reader.response.write(beat(reader.index));
      setImmediate(() => sendAll(reader, readers));
      return;
    }
  }
  reader.response.once('drain', () => sendAll(reader, readers));
}

/** Made once: what differs from event to event in a flood is its place. Metrics go on, as those of a run do. */
const KINDS = 2_220;
const EVENTS = Array.from({ length: KINDS }, (_, i) => tail(recordedEvent(i + 1)));
function tail(data: { index: number }): string {
  return JSON.stringify(data).replace(/^\{"index":\d+,/, '');
}

function eventText(index: number): string {
  return `event: event\nid: ${index}\ndata: {"index":${index},${EVENTS[index % KINDS]}\n\n`;
}

function snapshotText(index: number): string {
  const data = { index, at: '2025-11-22T20:00:00.000Z', metrics: recordedMetrics(index) };
  return `event: snapshot\nid: ${index}s\ndata: ${JSON.stringify(data)}\n\n`;
}

function stretch(reader: Reader, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++, reader.index++) {
    text += eventText(reader.index);
    if (reader.index % 10 === 0) text += snapshotText(reader.index);
  }
  return text;
}

const sentUpTo = new WeakMap<Reader, number>();

function flush(reader: Reader): string {
  const from = sentUpTo.get(reader) ?? 0;
  const shown = reader.index - 20;
  if (shown <= from) return '';
  sentUpTo.set(reader, reader.index);
  const skipped = { from, to: shown - 1, events: shown - from };
  let text = `event: skipped\nid: ${shown - 1}\ndata: ${JSON.stringify(skipped)}\n\n`;
  for (let index = shown; index < reader.index; index++) text += eventText(index);
  return text + snapshotText(reader.index - 1);
}

function beat(index: number): string {
  return `event: heartbeat\ndata: ${JSON.stringify(heartbeat(index).data)}\n\n`;
}
