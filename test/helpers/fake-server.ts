/** A small server that answers the contract from what a test gives it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CityState,
  type Frame,
  formatCursor,
  parseCursor,
  type Run,
} from '../../server/contract/index.ts';

/** Takes over a stream request; false lets the fake server answer it. */
export type StreamScript = (attempt: StreamAttempt) => boolean;

export interface StreamAttempt {
  /** From 1. */
  number: number;
  lastEventId: string | null;
  from: string | null;
  response: ServerResponse;
}

export interface FakeServer {
  url: string;
  run: Run;
  /** What the list of runs holds; `run` alone by default. */
  runs?: Run[];
  /** The city after an event. */
  city(at: number): CityState;
  /** Sends frames to every open stream, and to those that come later. */
  push(...frames: Frame[]): void;
  /** Listens at another port, instead. */
  listenAt(port: number): Promise<void>;
  /** Cuts every open stream. */
  cut(): void;
  /** Decides about each stream request. */
  script: StreamScript;
  /** What came in, as `METHOD path`. */
  readonly requests: string[];
  /** Bodies of `POST`s. */
  readonly bodies: unknown[];
  /** Resolves with the next request whose line matches. */
  next(pattern: RegExp): Promise<string>;
  streams(): number;
  close(): Promise<void>;
}

/** Starts one on any free port. */
export async function startFakeServer(run: Run): Promise<FakeServer> {
  const history: Frame[] = [];
  const open = new Set<ServerResponse>();
  const waiters: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  let attempts = 0;

  const http = createServer((request, response) => void answer(request, response));
  const fake: FakeServer = {
    url: '',
    run,
    push(...frames) {
      history.push(...frames);
      for (const response of open) for (const frame of frames) writeFrame(response, frame);
      if (frames.some((frame) => frame.frame === 'end')) for (const response of open) response.end();
    },
    listenAt: async (port) => {
      await new Promise((resolve) => http.close(resolve));
      await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
    },
    cut() {
      for (const response of open) response.destroy();
    },
    city: (at) => ({ index: at, virtualMs: 0, slots: [] }),
    script: () => false,
    requests: [],
    bodies: [],
    next: (pattern) => new Promise((resolve) => waiters.push({ pattern, resolve })),
    streams: () => open.size,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const line = `${request.method} ${url.pathname.replace('/api/ops/simcity', '')}`;
    fake.requests.push(line);
    if (request.method === 'POST') fake.bodies.push(await readJson(request));
    if (line.endsWith('/stream')) stream(request, url, response);
    else if (line === 'POST /runs') json(response, 201, fake.run);
    else if (line === 'GET /runs') json(response, 200, { runs: fake.runs ?? [fake.run], next: null });
    else if (line.endsWith('/stop')) json(response, 202, fake.run);
    else if (line.endsWith('/events')) events(url, response);
    else if (line.endsWith('/snapshots')) snapshots(url, response);
    else if (line.endsWith('/state')) json(response, 200, fake.city(Number(url.searchParams.get('at'))));
    else if (/^GET \/runs\/[^/]+$/.test(line)) json(response, 200, fake.run);
    else json(response, 404, { error: { code: 'not_found', message: `there is no ${line}` } });
    for (const waiter of [...waiters]) {
      if (!waiter.pattern.test(line)) continue;
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve(line);
    }
  }

  function stream(request: IncomingMessage, url: URL, response: ServerResponse): void {
    attempts += 1;
    const lastEventId = (request.headers['last-event-id'] as string | undefined) ?? null;
    const attempt = { number: attempts, lastEventId, from: url.searchParams.get('from'), response };
    if (fake.script(attempt)) return;
    startStream(response);
    open.add(response);
    response.on('close', () => open.delete(response));
    const last = lastEventId === null ? null : parseCursor(lastEventId);
    for (const frame of history) if (last === null || isAfter(frame, last)) writeFrame(response, frame);
    if (history.some((frame) => frame.frame === 'end')) response.end();
  }

  function events(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('from') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? 100);
    const all = history.flatMap((frame) => (frame.frame === 'event' ? [frame.data] : []));
    const page = all.filter((event) => event.index >= from).slice(0, limit);
    const after = (page.at(-1)?.index ?? 0) + 1;
    json(response, 200, { events: page, next: after < all.length ? after : null });
  }

  function snapshots(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('from') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? 100);
    const every = Number(url.searchParams.get('every') ?? 1);
    const all = history.flatMap((frame) => (frame.frame === 'snapshot' ? [frame.data] : []));
    const thinned = all.filter((snapshot, nth) => snapshot.index >= from && nth % every === 0);
    json(response, 200, { snapshots: thinned.slice(0, limit), next: null });
  }

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  fake.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return fake;
}

/** Sends the head of an event stream. */
export function startStream(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  return response;
}

/** Sends a frame as the server does. */
export function writeFrame(response: ServerResponse, frame: Frame): void {
  const id = cursorOf(frame);
  response.write(
    `event: ${frame.frame}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(frame.data)}\n\n`,
  );
}

function cursorOf(frame: Frame): string | null {
  if (frame.frame === 'event') return formatCursor({ index: frame.data.index, after: 'event' });
  if (frame.frame === 'snapshot') return formatCursor({ index: frame.data.index, after: 'snapshot' });
  if (frame.frame === 'skipped') return formatCursor({ index: frame.data.to, after: 'event' });
  if (frame.frame === 'end') return formatCursor({ index: frame.data.eventIndex, after: 'end' });
  return null;
}

function isAfter(frame: Frame, last: { index: number; after: string }): boolean {
  if (frame.frame === 'heartbeat' || frame.frame === 'reset') return true;
  if (frame.frame === 'end') return last.after !== 'end';
  if (frame.frame === 'skipped') return frame.data.to > last.index;
  if (frame.data.index !== last.index) return frame.data.index > last.index;
  return frame.frame === 'snapshot' && last.after === 'event';
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? null : JSON.parse(text);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
