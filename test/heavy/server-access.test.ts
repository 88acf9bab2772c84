/** Who may do what: tokens, scopes, sessions of browsers, limits. A real server on a real database. */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi, exchange } from '../../cli/client/api.ts';
import { VERSION } from '../../cli/process/version.ts';
import type { AccessOptions } from '../../server/access/access.ts';
import { newToken } from '../../server/access/token.ts';
import {
  apiPath,
  ENGINE_GENERATION,
  type Scope,
  SESSION_PATH,
  sessionSchema,
  TASK_KINDS,
} from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { forgetTokens, insertToken, revokeToken } from '../../server/db/tokens.ts';
import { type RunningServer, startServer } from '../../server/server.ts';
import { simcity } from '../helpers/cli-process.ts';
import { silentLog, startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { FakeHarness, passed } from '../helpers/server.ts';

let postgres: TestPostgres;
let databaseUrl: string;
let sql: Sql;
const servers: RunningServer[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

beforeEach(async () => {
  databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
  return async () => {
    for (const server of servers.splice(0)) await server.stop();
  };
});

async function start(
  access: Partial<AccessOptions> = {},
  host = '127.0.0.1',
  headWithinMs = 10_000,
): Promise<string> {
  const config = { databaseUrl, host, port: 0, allowedHosts: [], access, headWithinMs };
  const server = await startServer(config, silentLog);
  servers.push(server);
  return server.url;
}

async function make(name: string, ...scopes: Scope[]): Promise<string> {
  const { id, token, hash } = newToken();
  expect(await insertToken(sql, { id, name, scopes, hash }, null)).toBe(true);
  return token;
}

interface Sent {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

function send(base: string, method: string, path: string, { token, headers, body }: Sent = {}) {
  return fetch(base + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const LAUNCH = { target: 'memory', config: { operations: 10 } };

describe('a server without tokens', () => {
  it('serves everybody on loopback, and asks for a token once there is one', async () => {
    const base = await start();
    expect((await send(base, 'GET', apiPath.runs())).status).toBe(200);
    const token = await make('me', 'read');
    while ((await send(base, 'GET', apiPath.runs())).status === 200);
    expect((await send(base, 'GET', apiPath.runs(), { token })).status).toBe(200);
  });

  it('refuses to listen where others can reach it', async () => {
    await expect(start({}, '0.0.0.0')).rejects.toMatchObject({ code: 'tokens_needed', exitCode: 2 });
    await make('me', 'read');
    const base = await start({}, '0.0.0.0');
    expect((await send(base, 'GET', apiPath.runs())).status).toBe(401);
  });

  it('asks for one on loopback when told to', async () => {
    const base = await start({ requireToken: true });
    expect((await send(base, 'GET', apiPath.runs())).status).toBe(401);
  });
});

describe('tokens', () => {
  it('are asked for on every route but the probes and the pages, with a challenge', async () => {
    await make('me', 'read', 'control');
    const base = await start();
    const open = ['/healthz', '/readyz', SESSION_PATH];
    for (const path of open) expect([path, (await send(base, 'GET', path)).status]).toEqual([path, 200]);
    const run = '00000000-0000-7000-8000-000000000000';
    const closed: [string, string][] = [
      ['GET', '/metrics'],
      ['GET', '/openapi.json'],
      ['GET', apiPath.runs()],
      ['GET', apiPath.run(run)],
      ['GET', apiPath.events(run)],
      ['GET', apiPath.snapshots(run)],
      ['GET', apiPath.stream(run)],
      ['GET', apiPath.state(run)],
      ['POST', apiPath.runs()],
      ['POST', apiPath.stop(run)],
      ['PUT', apiPath.smallest(run)],
      ['GET', apiPath.waitingTasks()],
      ...TASK_KINDS.flatMap((kind): [string, string][] => [
        ['GET', apiPath.task(run, kind)],
        ['POST', apiPath.task(run, kind)],
        ['POST', apiPath.taskLease(run, kind)],
        ['PUT', apiPath.task(run, kind)],
        ['DELETE', apiPath.task(run, kind)],
      ]),
      ['GET', '/nowhere'],
      ['DELETE', '/nowhere'],
      ['POST', '/admin/simcity/mission-control'],
    ];
    for (const [method, path] of closed) {
      const answer = await send(base, method, path, method === 'GET' ? {} : { body: {} });
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="simcity"');
      expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } });
    }
  });

  it('that are unknown, revoked, expired or only almost right are refused', async () => {
    const token = await make('me', 'read');
    const base = await start();
    const wrong = [`${token}x`, token.slice(0, -1), token.toUpperCase(), 'x', 'null'];
    for (const each of wrong) {
      const answer = await send(base, 'GET', apiPath.runs(), { token: each });
      expect([each, answer.status]).toEqual([each, 401]);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
    for (const path of [`?token=${token}`, `?access_token=${token}`]) {
      expect((await send(base, 'GET', apiPath.runs() + path)).status).toBe(401);
    }
    await sql`update simcity_tokens set expires_at = clock_timestamp()`;
    while ((await send(base, 'GET', apiPath.runs(), { token })).status !== 401);
    // The last one is gone, and the server is not open to everybody for that; forgetting it says so.
    expect((await send(base, 'GET', apiPath.runs())).status).toBe(401);
    expect(await forgetTokens(sql)).toEqual(['me']);
    while ((await send(base, 'GET', apiPath.runs())).status !== 200);
  });

  it('may do what their scopes say, and no more', async () => {
    const read = await make('reader', 'read');
    const control = await make('controller', 'control');
    const both = await make('both', 'read', 'control');
    const base = await start();
    const launched = await send(base, 'POST', apiPath.runs(), { token: control, body: LAUNCH });
    expect(launched.status).toBe(201);
    const { id } = (await launched.json()) as { id: string };
    const refused = await send(base, 'POST', apiPath.stop(id), { token: read, body: {} });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="control"');
    expect((await send(base, 'GET', apiPath.run(id), { token: control })).status).toBe(403);
    expect((await send(base, 'GET', apiPath.run(id), { token: read })).status).toBe(200);
    expect((await send(base, 'POST', apiPath.stop(id), { token: both, body: {} })).status).toBe(202);
  });

  it('to look are enough to execute a run again and compare, of which nothing is kept then', async () => {
    const [read, both] = [await make('reader', 'read'), await make('both', 'read', 'control')];
    const base = await start();
    const launched = await send(base, 'POST', apiPath.runs(), { token: both, body: LAUNCH });
    const { id } = (await launched.json()) as { id: string };
    const harness = new FakeHarness(base, id);
    await harness.claim(sql);
    await harness.send(3, { end: passed });
    await sql`update simcity_runs set generation = ${ENGINE_GENERATION}, version = ${VERSION} where id = ${id}`;
    const env = { SIMCITY_URL: base, SIMCITY_TOKEN: read };
    const { exitCode, stdout } = await simcity(['replay', id, '--verify'], { env });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringContaining('first event that differs is 0'),
    });
    expect(await createApi({ url: base, token: read }).task(id, 'verify')).toBeNull();
  });

  it('of a run send its telemetry and nothing else, and others send none', async () => {
    const both = await make('both', 'read', 'control');
    const base = await start();
    const launched = await send(base, 'POST', apiPath.runs(), { token: both, body: LAUNCH });
    const { id } = (await launched.json()) as { id: string };
    const harness = new FakeHarness(base, id);
    await harness.claim(sql);
    expect((await harness.send(3)).status).toBe(200);
    expect((await harness.post({}, both)).status).toBe(403);
    expect((await send(base, 'GET', apiPath.run(id), { token: harness.token })).status).toBe(401);
    const ingest = await send(base, 'GET', apiPath.run(id), { token: 'sci_something' });
    expect([ingest.status, await ingest.json()]).toMatchObject([403, { error: { code: 'forbidden' } }]);
  });

  it('are stored as digests alone', async () => {
    const token = await make('me', 'read');
    const base = await start();
    await send(base, 'POST', SESSION_PATH, { body: { token } });
    const rows = await sql`
      select t::text as row from simcity_tokens t union all select s::text from simcity_sessions s`;
    expect(rows).toHaveLength(2);
    const secret = token.split('_').slice(2).join('_');
    for (const { row } of rows) expect(row).not.toContain(secret);
  });

  it('of the environment work beside those of the database', async () => {
    const secret = 'a-secret-of-the-environment';
    const base = await start({ tokens: [{ name: 'ci', scopes: ['read'], secret }] });
    expect((await send(base, 'GET', apiPath.runs())).status).toBe(401);
    expect((await send(base, 'GET', apiPath.runs(), { token: secret })).status).toBe(200);
  });

  it('that are revoked lose their streams', async () => {
    const token = await make('watcher', 'read', 'control');
    const base = await start();
    const launched = await send(base, 'POST', apiPath.runs(), { token, body: LAUNCH });
    const { id } = (await launched.json()) as { id: string };
    const stream = await send(base, 'GET', apiPath.stream(id), { token });
    expect(stream.status).toBe(200);
    expect(await revokeToken(sql, 'watcher')).toEqual(['watcher']);
    const drain = async () => {
      for await (const _ of stream.body!);
    };
    await expect(drain()).rejects.toThrow();
  });
});

describe('a session of a browser', () => {
  const signIn = async (base: string, token: string, headers: Record<string, string> = {}) => {
    const answer = await send(base, 'POST', SESSION_PATH, { body: { token }, headers });
    return { answer, cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
  };

  it('begins with a token and is a cookie that scripts and other sites cannot use', async () => {
    const token = await make('me', 'read');
    const base = await start();
    const { answer, cookie } = await signIn(base, token);
    expect(answer.status).toBe(201);
    const attributes = (answer.headers.get('set-cookie') ?? '').split('; ');
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    expect(attributes).not.toContain('Secure');
    expect(cookie).not.toContain(token);
    expect((await send(base, 'GET', apiPath.runs(), { headers: { cookie } })).status).toBe(200);
    const session = await send(base, 'GET', SESSION_PATH, { headers: { cookie } });
    expect(sessionSchema.parse(await session.json())).toEqual({
      required: true,
      name: 'me',
      scopes: ['read'],
    });
  });

  it('is Secure where the browser speaks https', async () => {
    const token = await make('me', 'read');
    const base = await start();
    const { answer } = await signIn(base, token, { origin: base.replace('http:', 'https:') });
    expect(answer.headers.get('set-cookie')).toContain('; Secure');
  });

  it('ends by signing out, and with its token', async () => {
    const token = await make('me', 'read');
    const base = await start();
    const { cookie } = await signIn(base, token);
    const out = await send(base, 'DELETE', SESSION_PATH, { headers: { cookie } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await send(base, 'GET', apiPath.runs(), { headers: { cookie } })).status).toBe(401);
    const again = await signIn(base, token);
    await revokeToken(sql, 'me');
    await make('other', 'read');
    while ((await send(base, 'GET', apiPath.runs(), { headers: { cookie: again.cookie } })).status !== 401);
  });

  it('changes something only from a page of this server, and by JSON', async () => {
    const token = await make('me', 'read', 'control');
    const base = await start();
    const { cookie } = await signIn(base, token);
    const launch = (headers: Record<string, string>) =>
      send(base, 'POST', apiPath.runs(), { body: LAUNCH, headers: { cookie, ...headers } });
    expect((await launch({})).status).toBe(403);
    expect((await launch({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await launch({ origin: 'null' })).status).toBe(403);
    expect((await launch({ origin: base, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await launch({ origin: base, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await launch({ origin: base, 'sec-fetch-site': 'same-origin' })).status).toBe(201);
  });

  it('is given for no wrong token, and guesses are slowed down', async () => {
    await make('me', 'read');
    const base = await start();
    const begun = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => (await signIn(base, 'guess')).answer.status),
    );
    const seconds = Math.ceil((performance.now() - begun) / 1_000);
    const guesses = statuses.filter((status) => status === 401).length;
    expect(guesses).toBeGreaterThanOrEqual(60);
    // One more comes in each second that they take.
    expect(guesses).toBeLessThanOrEqual(60 + seconds);
    expect(statuses.filter((status) => status === 429)).toHaveLength(200 - guesses);
  });
});

describe('limits', () => {
  it('hold for each token, and say when to come back', async () => {
    const one = await make('one', 'read');
    const two = await make('two', 'read');
    const base = await start({ requestRate: 1 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(base, 'GET', apiPath.runs(), { token: one })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(10);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused[0]?.json()).toMatchObject({ error: { code: 'too_many_requests' } });
    expect((await send(base, 'GET', apiPath.runs(), { token: two })).status).toBe(200);
  });

  it('are waited for by the command line, until each of its calls is answered', async () => {
    const token = await make('one', 'read');
    const url = await start({ requestRate: 5 });
    const statuses: number[] = [];
    const api = createApi(
      { url, token },
      {
        exchange: async (to, request) => {
          const answer = await exchange(to, request);
          statuses.push(answer.status);
          return answer;
        },
      },
    );
    const pages = await Promise.all(Array.from({ length: 30 }, () => api.runs({ limit: 1 })));
    expect(pages).toHaveLength(30);
    expect(statuses.filter((status) => status === 200)).toHaveLength(30);
    expect(statuses).toContain(429);
  });

  it('bound the streams of a token and of the server, and give places back', async () => {
    const token = await make('one', 'read', 'control');
    const other = await make('two', 'read');
    const base = await start({ streamsPerToken: 2, streams: 3 });
    const launched = await send(base, 'POST', apiPath.runs(), { token, body: LAUNCH });
    const { id } = (await launched.json()) as { id: string };
    const leave = new AbortController();
    const open = (as: string, signal?: AbortSignal) =>
      fetch(base + apiPath.stream(id), {
        headers: { authorization: `Bearer ${as}` },
        ...(signal ? { signal } : {}),
      });
    expect((await open(token, leave.signal)).status).toBe(200);
    expect((await open(token)).status).toBe(200);
    const full = await open(token);
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '5']);
    expect((await open(other)).status).toBe(200);
    expect((await open(other)).status).toBe(503);
    leave.abort();
    while ((await open(token)).status !== 200);
  });

  it('refuse a body above 4 MiB', async () => {
    const base = await start();
    const answer = await send(base, 'POST', apiPath.runs(), { body: { campaign: 'x'.repeat(4_200_000) } });
    expect([answer.status, await answer.json()]).toMatchObject([413, { error: { code: 'too_large' } }]);
  });

  it('cut a client that does not finish the head of its request', async () => {
    const base = await start({}, '127.0.0.1', 200);
    const socket = connectSocket(Number(new URL(base).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    await once(socket, 'close');
    expect(answer).toMatch(/^(HTTP\/1\.1 408|$)/);
  });
});

describe('the Host and Origin of a request', () => {
  const raw = async (base: string, host: string, headers: Record<string, string> = {}) => {
    const { request } = await import('node:http');
    const { port } = new URL(base);
    return new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
      const outgoing = request({
        port,
        host: '127.0.0.1',
        path: apiPath.runs(),
        headers: { host, ...headers },
      });
      outgoing.on('response', (incoming) => {
        incoming.resume();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  };

  it('must be this server’s, and no other site is ever let in', async () => {
    const base = await start();
    const { host } = new URL(base);
    const refused: [string, Record<string, string>][] = [
      ['evil.example', {}],
      ['127.0.0.1.evil.example', {}],
      ['169.254.169.254', {}],
      ['10.0.0.7', {}],
      [host, { origin: 'http://evil.example' }],
      [host, { origin: 'null' }],
      [host, { origin: `http://${host}.evil.example` }],
      [host, { origin: 'http://localhost:1' }],
      [host, { origin: 'file://' }],
    ];
    for (const [name, headers] of refused) {
      const answer = await raw(base, name, headers);
      expect([name, headers, answer.status]).toEqual([name, headers, 403]);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect((await raw(base, host, { origin: base })).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
    expect((await raw(base, 'localhost:1')).status).toBe(200);
  });
});
