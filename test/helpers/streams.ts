/** For test files about streams: a server on a fresh database for each test, runs to follow, and readers of them. */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { apiPath } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';
import { FakeHarness, launch, startTestServer } from './server.ts';

export interface Streams {
  readonly databaseUrl: string;
  readonly sql: Sql;
  readonly server: RunningServer;
  /** One more server on the database. */
  startAnother(): Promise<RunningServer>;
  /** The server again, where it was, after it was stopped. */
  restart(): Promise<void>;
  /** A run that was launched and claimed. */
  begin(): Promise<FakeHarness>;
  /** Of the run's stream, with `query` (from its `?` on), at the server `base`. */
  streamUrl(harness: FakeHarness, query?: string, base?: string): string;
  /** A reader that asks for the run's stream and takes nothing. */
  stalledReader(harness: FakeHarness, protocol?: string): Promise<Socket>;
  /** What `/metrics` says of the metric; without labels. */
  metric(name: string): Promise<number>;
}

/** Registers the hooks that start and stop all of it; called once, at the top of the file. */
export function servedStreams(): Streams {
  let postgres: TestPostgres;
  let databaseUrl: string;
  let sql: Sql;
  let server: RunningServer;
  let servers: RunningServer[];
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.close());
  beforeEach(async () => {
    databaseUrl = await postgres.createDatabase();
    sql = postgres.open(databaseUrl);
    server = await startTestServer(databaseUrl);
    servers = [server];
  });
  afterEach(() => Promise.all(servers.map((each) => each.stop())));
  return {
    get databaseUrl() {
      return databaseUrl;
    },
    get sql() {
      return sql;
    },
    get server() {
      return server;
    },
    async startAnother() {
      const another = await startTestServer(databaseUrl);
      servers.push(another);
      return another;
    },
    async restart() {
      server = await startTestServer(databaseUrl, Number(new URL(server.url).port));
      servers.push(server);
    },
    async begin() {
      const harness = new FakeHarness(server.url, (await launch(server.url)).id);
      await harness.claim(sql);
      return harness;
    },
    streamUrl: (harness, query = '', base = server.url) => `${base}${apiPath.stream(harness.runId)}${query}`,
    async stalledReader(harness, protocol = 'HTTP/1.1') {
      const socket = connectSocket(Number(new URL(server.url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.pause();
      socket.write(`GET ${apiPath.stream(harness.runId)} ${protocol}\r\nHost: 127.0.0.1\r\n\r\n`);
      return socket;
    },
    async metric(name) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    },
  };
}

/** What a subscriber from event `from` on must see of a run of `count` events of FakeHarness, in order. */
export function expectedCursors(count: number, from = 0): string[] {
  const all: string[] = [];
  for (let i = from; i < count; i++) all.push(String(i), ...(i % 10 === 9 ? [`${i}s`] : []));
  return all;
}
