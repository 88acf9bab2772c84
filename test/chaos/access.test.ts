/** Row 23: whoever may not, gets nothing: tables of hosts, origins, scopes, paths and targets. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { API_BASE, apiPath } from '../../server/contract/index.ts';
import { ChaosDatabase } from './support/database.ts';
import { runner, serve } from './support/parts.ts';
import { rawStream } from './support/raw-request.ts';
import { type Row, row } from './support/row.ts';
import { untilEnded } from './support/runs.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

/** What no service under test may be, however it is spelt. */
const ADDRESSES = [
  'http://169.254.169.254/',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[2002:a9fe:a9fe::1]/',
  'http://2852039166/',
  'http://0xa9fea9fe/latest',
  'http://0251.0376.0251.0376/',
  'http://169.254.43518/',
  'http://169.254.169.254:80/',
  'http://100.100.100.200/',
  'http://192.0.0.192/',
  'http://168.63.129.16/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[ff02::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fd00:ec2::23]/',
  'http://[64:ff9b::6464:64c8]/',
  'http://[64:ff9b::a83f:8110]/',
  'http://[64:ff9b:1::a9fe:a9fe]/',
  'http://[::ffff:0:a9fe:a9fe]/',
  'http://[::a9fe:a9fe]/',
  'http://[2002:a83f:8110::]/',
];

/** A service that only points elsewhere, and where it points: a listener that the operator does not allow. */
async function startCanary(row: Row) {
  let hits = 0;
  const listen = async (server: Server, host: string) => {
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    row.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const forbidden = await listen(
    createServer((_, answer) => {
      hits += 1;
      answer.end('{}');
    }),
    '127.0.0.2',
  );
  const redirecting = await listen(
    createServer((_, answer) => {
      answer.writeHead(307, { location: `http://127.0.0.2:${forbidden}/` });
      answer.end();
    }),
    '127.0.0.1',
  );
  return {
    allowed: '127.0.0.1',
    redirecting: `http://127.0.0.1:${redirecting}`,
    forbidden: [`http://127.0.0.2:${forbidden}`, `http://[::ffff:127.0.0.2]:${forbidden}`],
    hits: () => hits,
  };
}

const SECRETS = { reader: 'reader-secret-0123456789', controller: 'controller-secret-0123456789' };

interface Refused {
  what: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  status: number;
}

row(
  { row: 23, fault: 'tables of Host, Origin, scopes, paths, targets', target: '100 % refused' },
  async (row) => {
    const databaseUrl = await database.create();
    const sql = database.open(row, databaseUrl);
    const server = await serve(row, databaseUrl, {
      env: {
        SIMCITY_TOKENS: `reader:read:${SECRETS.reader},controller:control:${SECRETS.controller}`,
        SIMCITY_REQUIRE_TOKEN: '1',
        SIMCITY_REQUEST_RATE: '1000',
      },
    });
    const port = Number(new URL(server.url).port);
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
    const runs = `${API_BASE}/runs`;
    const { body: launched } = await post(
      server.url,
      runs,
      bearer(SECRETS.controller),
      '{"target":"memory"}',
    );
    const runId = String((launched as { id: string }).id);
    const ingest = 'sci_0123456789abcdef0123456789abcdef';
    const table: Refused[] = [
      ...[
        'evil.example',
        'localhost.evil.example',
        '10.1.2.3',
        '127.0.0.1.evil.example',
        '[::2]',
        'simcity',
        '169.254.169.254',
        'evil.example:80@127.0.0.1',
        '%',
        ' ',
      ].map((host) => ({
        what: `Host ${host}`,
        headers: { ...bearer(SECRETS.reader), host },
        // What is no host at all is no request at all.
        status: /[@%]/.test(host) ? 400 : 403,
      })),
      ...[
        '/healthz',
        '/readyz',
        '/metrics',
        '/admin/simcity',
        '/openapi.json',
        apiPath.run(runId),
        apiPath.stream(runId),
        apiPath.events(runId),
      ].map((path) => ({
        what: `Host evil.example at ${path}`,
        path,
        headers: { ...bearer(SECRETS.reader), host: 'evil.example' },
        status: 403,
      })),
      ...[runs, apiPath.stop(runId), apiPath.telemetry(runId)].flatMap((path) =>
        [{ host: 'evil.example' }, { origin: 'http://evil.example' }].map((headers) => ({
          what: `${Object.keys(headers)} evil.example, POST ${path}`,
          method: 'POST',
          path,
          headers: { ...bearer(SECRETS.controller), ...headers },
          body: '{"target":"memory"}',
          status: 403,
        })),
      ),
      ...[
        'http://evil.example',
        'null',
        'https://127.0.0.1',
        'http://127.0.0.1:1',
        'http://localhost:3000',
        'file://',
        'chrome-extension://x',
      ].map((origin) => ({
        what: `Origin ${origin}`,
        headers: { ...bearer(SECRETS.reader), origin },
        status: 403,
      })),
      ...[
        '',
        'Bearer ',
        'Bearer x',
        `Bearer ${SECRETS.reader}x`,
        `Bearer ${SECRETS.reader.slice(0, -1)}`,
        `Basic ${SECRETS.reader}`,
        'Bearer null',
      ].map((authorization) => ({
        what: `Authorization ${authorization}`,
        headers: { authorization },
        status: 401,
      })),
      {
        what: 'a token in the URL',
        path: `${runs}?token=${SECRETS.reader}&access_token=${SECRETS.reader}`,
        status: 401,
      },
      {
        what: 'launch with read',
        method: 'POST',
        path: runs,
        headers: bearer(SECRETS.reader),
        body: '{"target":"memory"}',
        status: 403,
      },
      {
        what: 'stop with read',
        method: 'POST',
        path: apiPath.stop(runId),
        headers: bearer(SECRETS.reader),
        body: '{}',
        status: 403,
      },
      { what: 'read with control', path: runs, headers: bearer(SECRETS.controller), status: 403 },
      {
        what: 'stream with control',
        path: apiPath.stream(runId),
        headers: bearer(SECRETS.controller),
        status: 403,
      },
      { what: 'metrics without a token', path: '/metrics', status: 401 },
      {
        what: 'telemetry without a token',
        method: 'POST',
        path: apiPath.telemetry(runId),
        body: '{"events":[]}',
        status: 401,
      },
      {
        what: 'telemetry with read',
        method: 'POST',
        path: apiPath.telemetry(runId),
        headers: bearer(SECRETS.reader),
        body: '{"events":[]}',
        status: 403,
      },
      {
        what: 'telemetry with control',
        method: 'POST',
        path: apiPath.telemetry(runId),
        headers: bearer(SECRETS.controller),
        body: '{"events":[]}',
        status: 403,
      },
      {
        what: 'telemetry of another run',
        method: 'POST',
        path: apiPath.telemetry(runId),
        headers: bearer(ingest),
        body: '{"events":[]}',
        status: 409,
      },
      { what: 'reading with a token of telemetry', path: runs, headers: bearer(ingest), status: 403 },
      ...[
        '../../../etc/passwd',
        '..%2f..%2f..%2fetc%2fpasswd',
        '%2e%2e/%2e%2e',
        '....//',
        '%00',
        "x'--",
        '%ff',
        'a'.repeat(300),
      ].map((name) => ({
        what: `run ${name.slice(0, 30)}`,
        path: `${runs}/${name}/events`,
        headers: bearer(SECRETS.reader),
        status: 404,
      })),
      ...[
        '/admin/simcity/../../package.json',
        '/admin/simcity/%2e%2e/%2e%2e/package.json',
        '/admin/simcity/..%5c..%5cpackage.json',
        '/.git/config',
        '/package.json',
        '//etc/passwd',
        '/admin/simcity/%00',
      ].map((path) => ({ what: `path ${path}`, path, headers: bearer(SECRETS.reader), status: 404 })),
      ...[
        'module:./evil.ts',
        '../evil',
        'file:///etc/passwd',
        'ftp://127.0.0.1/',
        'gopher://127.0.0.1',
        'javascript:alert(1)',
        'unix:/tmp/x',
        'http://user:secret@127.0.0.1/',
      ].map((target) => ({
        what: `target ${target}`,
        method: 'POST',
        path: runs,
        headers: bearer(SECRETS.controller),
        body: JSON.stringify({ target }),
        status: 400,
      })),
      ...[
        '../bookings',
        'a/b',
        '/etc/passwd',
        'Bookings',
        '',
        'a'.repeat(65),
        '.hidden',
        'module:./evil.ts',
      ].map((scenario) => ({
        what: `scenario ${scenario.slice(0, 30)}`,
        method: 'POST',
        path: runs,
        headers: bearer(SECRETS.controller),
        body: JSON.stringify({ target: 'memory', scenario }),
        status: 400,
      })),
    ];
    for (const { what, path = runs, method = 'GET', headers = {}, body = '', status } of table) {
      const type = method === 'POST' ? 'content-type: application/json\r\n' : '';
      const rest = Object.entries({ host: `127.0.0.1:${port}`, ...headers })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('');
      const head = `${method} ${path} HTTP/1.1\r\n${rest}${type}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
      const got = await rawStream(port, Buffer.from(head + body));
      expect(got, what).toBe(status);
    }
    const [alone] = await sql<{ count: number }[]>`select count(*) as count from simcity_runs`;
    expect(alone?.count, 'nothing was launched').toBe(1);

    await post(server.url, apiPath.stop(runId), bearer(SECRETS.controller), '{}');
    const canary = await startCanary(row);
    const parallel = { args: ['--parallel', '4'] };
    const env = { SIMCITY_TOKEN: SECRETS.reader, SIMCITY_TARGETS: canary.allowed };
    await runner(row, server.url, databaseUrl, { ...parallel, env });
    const outcome = async (target: string) => {
      const body = JSON.stringify({ target, config: { operations: 1 } });
      const launched = await post(server.url, runs, bearer(SECRETS.controller), body);
      expect(launched.status, `${target}: ${JSON.stringify(launched.body)}`).toBe(201);
      const { id } = launched.body as { id: string };
      const ended = await untilEndedAs(server.url, SECRETS.reader, id);
      // Nothing was asked of a service: no verdict.
      expect(ended.status, target).toBe('STOPPED');
      return JSON.stringify(ended.failForensic);
    };
    await Promise.all(
      ADDRESSES.map(async (target) =>
        expect(await outcome(target), target).toMatch(/is refused: .* link-local, metadata or multicast/),
      ),
    );
    for (const target of canary.forbidden)
      expect(await outcome(target), target).toMatch(/is refused: the operator/);
    expect(await outcome(canary.redirecting), 'a redirection').toMatch(/30[0-9]/);
    expect(canary.hits(), 'requests that went where they may not').toBe(0);
    row.say(
      `${table.length} requests; ${ADDRESSES.length} addresses of metadata services, links and many, also spelt as numbers and in IPv6; a service that is not on the operator's list, by two names, and a redirection to it`,
    );
    row.reach('100 % refused, each with the right status; nothing launched');
  },
);

async function post(url: string, path: string, headers: Record<string, string>, body: string) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
}

async function untilEndedAs(url: string, token: string, runId: string) {
  return untilEnded(url, runId, 60_000, { authorization: `Bearer ${token}` });
}
