import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServerWatch } from '../../runner/supervise/server-watch.ts';

let server: Server;
let url: string;
let status = 200;
let asked: (string | undefined)[] = [];
let said: string[] = [];
const log = pino(
  { base: null, timestamp: false },
  { write: (line: string) => said.push(JSON.parse(line).msg) },
);

beforeEach(async () => {
  [status, asked, said] = [200, [], []];
  server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.restoreAllMocks();
  server.close();
});

const never = new AbortController().signal;
const pass = (ms: number) => {
  const now = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(now + ms);
};

test('a server that answers is not asked again for ten seconds', async () => {
  const watch = new ServerWatch(url, log);
  for (let look = 0; look < 9; look += 1) expect(await watch.answers(never)).toBe(true);
  expect(asked).toEqual(['/readyz']);
  pass(10_000);
  expect(await watch.answers(never)).toBe(true);
  expect(asked).toHaveLength(2);
  expect(said).toEqual([]);
});

test('one that is not ready, or not there, is asked each time; each change is told once', async () => {
  status = 503;
  const watch = new ServerWatch(url, log);
  for (let look = 0; look < 3; look += 1) expect(await watch.answers(never)).toBe(false);
  expect(asked).toHaveLength(3);
  status = 200;
  expect(await watch.answers(never)).toBe(true);
  pass(10_000);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  for (let look = 0; look < 2; look += 1) expect(await watch.answers(never)).toBe(false);
  expect(said).toEqual([
    'the server does not answer: no run is claimed until it does. SIMCITY_URL names it',
    'the server answers: runs are claimed again',
    'the server does not answer: no run is claimed until it does. SIMCITY_URL names it',
  ]);
});

test('after a harness was not answered others come first', async () => {
  const watch = new ServerWatch(url, log);
  watch.doubt();
  expect(await watch.answers(never)).toBe(false);
  expect(asked).toEqual([]);
  pass(5_000);
  expect(await watch.answers(never)).toBe(true);
});

test('a runner that ends waits for no answer', async () => {
  const ends = new AbortController();
  server.removeAllListeners('request').on('request', () => ends.abort());
  expect(await new ServerWatch(url, log).answers(ends.signal)).toBe(false);
  server.closeAllConnections();
  expect(said).toEqual([]);
});
