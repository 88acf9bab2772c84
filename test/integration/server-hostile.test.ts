/** Requests that mean harm, by somebody without a token or with one of a page of another site. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiPath, SESSION_PATH } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, FakeHarness, launch, startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
let databaseUrl: string;
let sql: Sql;
let server: RunningServer;
beforeAll(async () => {
  postgres = await startTestPostgres();
  databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
  server = await startTestServer(databaseUrl);
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

const host = () => new URL(server.url).host;

/** Sends these bytes, and answers the head of what comes back; nothing more is sent. */
function exchange(text: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.destroy();
      resolve(received.slice(0, end));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(received)}`)));
  });
}

const statusOf = (head: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);

function post(path: string, headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

it('refuses telemetry with an invented token before it reads the body', async () => {
  const { id } = await launch(server.url);
  const head = await exchange(
    `POST ${apiPath.telemetry(id)} HTTP/1.1\r\nHost: ${host()}\r\nAuthorization: Bearer invented\r\nContent-Type: application/json\r\nContent-Length: 4194303\r\n\r\n{`,
  );
  expect(statusOf(head)).toBe(409);
});

it('reads no more than 4 KiB of somebody who signs in', async () => {
  const head = await exchange(
    `POST ${SESSION_PATH} HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: application/json\r\nContent-Length: 4097\r\n\r\n{`,
  );
  expect(statusOf(head)).toBe(413);
});

it.each([5_000, 900_000])('answers a body that is nested %i deep, and does not fail', async (depth) => {
  const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const harness = new FakeHarness(server.url, (await launch(server.url)).id);
  await harness.claim(sql);
  const auth = { authorization: `Bearer ${harness.token}` };
  const bodies: [string, Record<string, string>, string][] = [
    [SESSION_PATH, {}, `{"token":${nested}}`],
    [apiPath.runs(), {}, nested],
    [apiPath.runs(), {}, `{"config":{"thresholds":${nested}}}`],
    [apiPath.telemetry(harness.runId), auth, nested],
    [apiPath.telemetry(harness.runId), auth, `{"events":${nested}}`],
    [apiPath.telemetry(harness.runId), auth, `{"events":[],"live":${nested}}`],
  ];
  for (const [path, headers, body] of bodies) {
    const answer = await post(path, headers, body);
    expect([400, 413, 422], `${path} ${body.slice(0, 30)}`).toContain(answer.status);
    expect((await answer.text()).length).toBeLessThan(2_000);
  }
});

it('says of every answer that its type is what it says', async () => {
  for (const path of ['/healthz', apiPath.runs(), '/nothing', '/openapi.json', '/metrics']) {
    const { headers } = await fetch(`${server.url}${path}`);
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
  }
});

it('takes nothing that a page of another site sends, also without Origin', async () => {
  for (const site of ['cross-site', 'same-site']) {
    expect((await post(apiPath.runs(), { 'sec-fetch-site': site }, '{}')).status).toBe(403);
    const read = await fetch(`${server.url}${apiPath.runs()}`, { headers: { 'sec-fetch-site': site } });
    expect(read.status).toBe(200);
  }
  expect((await post(apiPath.runs(), { 'sec-fetch-site': 'same-origin' }, '{}')).status).toBe(201);
});

it('is no proxy: a whole URL must name the host that the Host header names', async () => {
  const ask = (target: string) => exchange(`GET ${target} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
  expect(statusOf(await ask(`http://evil.example/healthz`))).toBe(403);
  expect(statusOf(await ask(`http://${host()}/healthz`))).toBe(200);
});

it('answers 503 with a time to come again where the database ends a statement for its own reasons', async () => {
  await sql.unsafe(`alter database ${new URL(databaseUrl).pathname.slice(1)} set lock_timeout = '50ms'`);
  const limited = await startTestServer(databaseUrl);
  const { id } = await launch(limited.url);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let locked = () => {};
  const isLocked = new Promise<void>((resolve) => {
    locked = resolve;
  });
  const holder = sql.begin(async (tx) => {
    await tx`select 1 from simcity_runs where id = ${id} for update`;
    locked();
    await held;
  });
  await isLocked;
  const answer = await call(limited.url, 'POST', apiPath.stop(id));
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).not.toBeNull();
  expect(JSON.stringify(answer.body)).toContain('55P03');
  release();
  await holder;
  expect((await call(limited.url, 'POST', apiPath.stop(id))).status).toBe(202);
  await limited.stop();
});

it('does not start where a limit of time ends its first statements, and says which', async () => {
  const url = await postgres.createDatabase();
  await sql.unsafe(`alter database ${new URL(url).pathname.slice(1)} set lock_timeout = '50ms'`);
  const holder = postgres.open(url);
  await holder.begin(async (tx) => {
    await tx`lock table simcity_migrations in access exclusive mode`;
    await expect(startTestServer(url)).rejects.toMatchObject({
      code: 'database_gave_way',
      message: expect.stringContaining('lock timeout'),
      hint: expect.stringContaining('lock_timeout'),
    });
  });
  await (await startTestServer(url)).stop();
});
