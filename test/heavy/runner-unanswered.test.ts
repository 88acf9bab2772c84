/** What a runner does with runs of which nothing could be delivered, because its server does not answer. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { RunnerWorld, untilSaid } from '../integration/runner-world.ts';

let world: RunnerWorld;
/** Stands for a server that is not ready, or that takes no telemetry. */
let server: Server;
let url: string;
let isReady = false;
let probes = 0;

beforeAll(async () => {
  world = await RunnerWorld.create();
});
beforeEach(async () => {
  isReady = false;
  probes = 0;
  server = createServer((request, response) => {
    const isProbe = request.url === '/readyz';
    if (isProbe) probes += 1;
    response.writeHead(isProbe && isReady ? 200 : 503).end('{}');
    server.emit('answered');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await world.endRunners();
  server.close();
});
afterAll(() => world?.destroy());

/** Of a run that nobody has begun, as far as anybody can tell. */
const UNTOUCHED = { status: 'QUEUED', attempts: 0, lost_attempts: [], next_index: 0, runner: null };

async function stored(id: string): Promise<unknown> {
  const [row] = await world.sql`
    select status, attempts, lost_attempts, next_index::int, runner from simcity_runs where id = ${id}`;
  return row;
}

test('a runner claims nothing before its server is ready, and says so once', async () => {
  const id = await world.queue({ operations: 1 });
  const runner = await world.startRunner({ SIMCITY_URL: url });
  while (probes < 3) await once(server, 'answered');
  expect(await stored(id)).toEqual(UNTOUCHED);
  expect(runner.stderr().split('the server does not answer')).toHaveLength(2);
  isReady = true;
  await untilSaid(runner, 'the server answers: runs are claimed again');
  await world.until(id, ({ status }) => status === 'RUNNING');
});

test('a run of which nothing is delivered for 30 s is given back, and any runner executes it as its first attempt', async () => {
  isReady = true;
  // A service at a URL is not repeated; but nothing of this run was ever done.
  const id = await world.queue({ operations: 1 }, 'http://127.0.0.1:1');
  const runner = await world.startRunner({ SIMCITY_URL: url });
  await untilSaid(runner, 'took nothing of the run for 30 s: it is given back to the queue');
  expect(await world.until(id, ({ status }) => status === 'QUEUED')).toMatchObject({ lost_attempts: [] });
  const pids = runner.harnessPids();
  isReady = false;
  expect(pids).toHaveLength(1);
  expect(await stored(id)).toEqual(UNTOUCHED);
  await world.startRunner();
  expect(await world.untilEnded(id)).toMatchObject({ status: 'PASS', lost_attempts: [] });
});
