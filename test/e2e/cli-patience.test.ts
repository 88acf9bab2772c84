/** The command line against a server that has too many requests: it waits as it is told to, silently and within bounds. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

const REFUSED = { error: { code: 'too_many_requests', message: 'Too many requests, \u001b[31mlater' } };

interface Request {
  line: string;
  body: string;
  atMs: number;
}

let server: Server;
let url: string;
let requests: Request[];
/** Seconds of `Retry-After` for the request with this number, from 1; null: it is answered. */
let refusal: (number: number) => string | null;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const line = `${request.method} ${request.url}`;
  requests.push({ line, body, atMs: performance.now() });
  const after = refusal(requests.length);
  if (after !== null) json(response, 429, REFUSED, { 'retry-after': after });
  else if (line.startsWith('GET') && line.includes('/runs?'))
    json(response, 200, { runs: [recordedRun()], next: null });
  else json(response, line.startsWith('POST') ? 201 : 200, recordedRun());
}

function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const call = (...args: string[]) => simcity(args, { env: { SIMCITY_URL: url } });

describe('a server that has too many requests', () => {
  test('is asked again when it says, without a word about it', async () => {
    refusal = (number) => (number <= 2 ? '1' : null);
    const { exitCode, stdout, stderr } = await call('show', RUN_ID, '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ id: RUN_ID });
    expect(requests).toHaveLength(3);
    const gaps = requests.slice(1).map(({ atMs }, i) => atMs - (requests[i]?.atMs ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThan(995);
  });

  test('gets a launch and a stop again as well, each with the body that it had', async () => {
    refusal = (number) => (number % 2 === 1 ? '0' : null);
    const launched = await call('run', '--detach', '--seed', '42');
    expect(launched).toEqual({ exitCode: 0, stdout: `${RUN_ID}\n`, stderr: '' });
    const stopped = await call('stop', RUN_ID, '--reason', 'enough');
    expect({ exitCode: stopped.exitCode, stderr: stopped.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(requests.map(({ line }) => line)).toEqual([
      ...Array(2).fill('POST /api/ops/simcity/runs'),
      ...Array(2).fill(`POST /api/ops/simcity/runs/${RUN_ID}/stop`),
    ]);
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ seed: 42 });
    expect(requests[1]?.body).toBe(requests[0]?.body);
    expect(requests[3]?.body).toBe('{"reason":"enough"}');
  });

  test('that asks for more patience than there is, is an error at once, with exit code 4', async () => {
    refusal = () => '3600';
    const { exitCode, stdout, stderr } = await call('show', RUN_ID, '--json');
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
    expect(stderr).toContain('simcity: Too many requests, ␛[31mlater\n');
    expect(stderr).toContain('Ask less often');
    expect(requests).toHaveLength(1);
  });

  test('is left at once by Ctrl-C', async () => {
    let interruptedAtMs = 0;
    const interrupt = Promise.withResolvers<(signal: NodeJS.Signals) => void>();
    refusal = () => {
      void interrupt.promise.then((kill) => {
        interruptedAtMs = performance.now();
        kill('SIGINT');
      });
      return '10';
    };
    const { exitCode, stdout, stderr } = await simcity(['show', RUN_ID, '--json'], {
      env: { SIMCITY_URL: url },
      onStart: interrupt.resolve,
    });
    // Without it, the process would be ended by force after 5 s, or the request be made again after 10.
    expect(performance.now() - interruptedAtMs).toBeLessThan(4_000);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 130, stdout: '', stderr: '' });
    expect(requests).toHaveLength(1);
  });
});
