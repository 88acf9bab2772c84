/** Requests on real sockets: what the service gets when a connection is cut, and what the citizen is told. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveService } from '../../runner/targets/http/address.ts';
import { Barrier, Wire, type WireRequest } from '../../runner/targets/http/wire.ts';

const post: WireRequest = {
  method: 'POST',
  path: '/x',
  headers: { 'idempotency-key': 'k' },
  body: '{"a":1}',
};

let server: Server;
let wire: Wire;
/** Bodies that arrived whole. */
let got: string[];
let types: unknown[];
let sockets: Set<unknown>;
let heard: () => void;
let arrival: Promise<void>;

beforeEach(async () => {
  got = [];
  types = [];
  sockets = new Set();
  arrival = new Promise((resolve) => {
    heard = resolve;
  });
  server = createServer((request, response) => {
    sockets.add(request.socket);
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push(body);
      types.push(request.headers['content-type']);
      heard();
      if (request.url === '/silent') return;
      response.writeHead(200).end(`answer to ${body}`);
    });
    request.on('error', () => heard());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  wire = new Wire(await resolveService(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), 4);
});

afterEach(async () => {
  wire.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('the wire', () => {
  it('reuses its connections', async () => {
    for (let i = 0; i < 5; i++) {
      expect(await wire.exchange(post, { deadlineMs: 2_000 })).toMatchObject({
        kind: 'answer',
        status: 200,
        body: 'answer to {"a":1}',
      });
    }
    expect(sockets.size).toBe(1);
  });

  // Cut in its head after the first line, it may be taken for whole by servers that are lenient, which this one is not.
  it.each([
    [0, false],
    [0.3, true],
    [0.95, true],
    [1, false],
  ])(
    'cut with %d of the request sent, the service never has all of it, and others may take it for whole: %s',
    async (cutAt, whole) => {
      const exchange = await wire.exchange(post, { deadlineMs: 2_000, cut: 'request', cutAt });
      expect(exchange).toMatchObject({ kind: 'none', whole });
      expect(await wire.exchange(post, { deadlineMs: 2_000 })).toMatchObject({ kind: 'answer' });
      expect(got).toHaveLength(1);
    },
  );

  it.each(['sent', 'head', 'half'] as const)(
    'cut at %s, the request was whole and the answer is lost',
    async (cut) => {
      const exchange = await wire.exchange(post, { deadlineMs: 2_000, cut });
      expect(exchange).toMatchObject({ kind: 'none', whole: true });
      await arrival;
      expect(got).toEqual(['{"a":1}']);
    },
  );

  it('sends the body after the head when it is told to', async () => {
    expect(await wire.exchange(post, { deadlineMs: 2_000, splitMs: 5 })).toMatchObject({ kind: 'answer' });
    expect(got).toEqual(['{"a":1}']);
  });

  it('sends the body in pieces when it is told to', async () => {
    const exchange = await wire.exchange(post, { deadlineMs: 2_000, splitMs: 5, splitAt: 0.5 });
    expect(exchange).toMatchObject({ kind: 'answer' });
    expect(got).toEqual(['{"a":1}']);
  });

  it('holds requests back until the barrier opens', async () => {
    await Promise.all([1, 2, 3].map(() => wire.exchange(post, { deadlineMs: 2_000 })));
    got = [];
    const barrier = new Barrier();
    const held = [1, 2, 3].map(() => wire.exchange(post, { deadlineMs: 2_000, barrier }));
    // A request that needs no barrier overtakes them, on a connection of its own.
    expect(await wire.exchange({ ...post, body: '{"b":2}' }, { deadlineMs: 2_000 })).toMatchObject({
      kind: 'answer',
    });
    expect(got).toEqual(['{"b":2}']);
    barrier.open();
    expect((await Promise.all(held)).map(({ kind }) => kind)).toEqual(['answer', 'answer', 'answer']);
    expect(got).toHaveLength(4);
  });

  it('lets them leave once all have arrived or left, also on connections that are made for them', async () => {
    const barrier = new Barrier(4);
    const held = [1, 2].map(() => wire.exchange(post, { deadlineMs: 2_000, barrier }));
    expect(await wire.exchange({ ...post, body: '{"b":2}' }, { deadlineMs: 2_000 })).toMatchObject({
      kind: 'answer',
    });
    expect(got).toEqual(['{"b":2}']);
    barrier.leave();
    held.push(wire.exchange(post, { deadlineMs: 2_000, barrier }));
    expect((await Promise.all(held)).map(({ kind }) => kind)).toEqual(['answer', 'answer', 'answer']);
    expect(await wire.exchange(post, { deadlineMs: 2_000, barrier })).toMatchObject({ kind: 'answer' });
  });

  it('waits no longer than agreed for one that never comes', async () => {
    const held = wire.exchange(post, { deadlineMs: 5_000, barrier: new Barrier(2) });
    expect(await held).toMatchObject({ kind: 'answer' });
  });

  it('counts a connection that cannot be made as one that has left', async () => {
    const nobody = new Wire(await resolveService('http://127.0.0.1:1'), 1);
    await wire.exchange(post, { deadlineMs: 2_000 });
    const barrier = new Barrier(2);
    const [refused, answered] = await Promise.all([
      nobody.exchange(post, { deadlineMs: 2_000, barrier }),
      wire.exchange(post, { deadlineMs: 2_000, barrier }),
    ]);
    expect([refused.kind, answered.kind]).toEqual(['none', 'answer']);
    nobody.close();
  });

  it.each([null, 5])('sends bytes of the type that they have (in pieces after: %s)', async (splitMs) => {
    const body = Buffer.from('é<a/>');
    const headers = { 'content-type': 'text/xml' };
    await wire.exchange({ ...post, headers, body }, { deadlineMs: 2_000, splitMs, splitAt: 0.2 });
    expect([got, types]).toEqual([['é<a/>'], ['text/xml']]);
    await wire.exchange({ ...post, headers, body }, { deadlineMs: 2_000, cut: 'request', cutAt: 0.9 });
    expect(got).toHaveLength(1);
  });

  it('stops waiting at the deadline', async () => {
    const exchange = await wire.exchange({ ...post, path: '/silent' }, { deadlineMs: 30 });
    expect(exchange).toEqual({ kind: 'none', cause: 'no answer within 30 ms', whole: true, isLate: true });
  });

  it('knows that a request without a connection was never sent', async () => {
    server.close();
    server.closeAllConnections();
    expect(await wire.exchange(post, { deadlineMs: 2_000 })).toEqual({
      kind: 'none',
      cause: 'ECONNREFUSED',
      whole: false,
      isLate: false,
    });
    expect(await wire.pin(500)).toBe(false);
  });
});
