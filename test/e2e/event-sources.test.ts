/** The stream as others read it: curl, the npm package `eventsource`, and a browser's own EventSource. */
import { execFile } from 'node:child_process';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followInBatches } from '../../cli/client/stream.ts';
import { apiPath } from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { hasChromium, startChromium } from '../helpers/browser.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { FakeHarness, launch, passed, startTestServer } from '../helpers/server.ts';

const KINDS = ['heartbeat', 'event', 'snapshot', 'end'];

let database: TestPostgres;
let server: RunningServer;
let stream: string;

beforeAll(async () => {
  database = await startTestPostgres();
  const url = await database.createDatabase();
  server = await startTestServer(url);
  const run = await launch(server.url, { target: 'memory', seed: 1 });
  const harness = new FakeHarness(server.url, run.id);
  await harness.claim(database.open(url));
  await harness.send(100);
  await harness.send(5, { end: passed });
  stream = `${server.url}${apiPath.stream(run.id)}`;
});

afterAll(async () => {
  await server.stop();
  await database.close();
});

interface Seen {
  kinds: string[];
  indexes: number[];
}

/** Runs in Node and in the browser alike: reads the stream to its end. */
function readAll(Source: typeof EventSource, url: string, kinds: string[]): Promise<Seen> {
  return new Promise((resolve) => {
    const seen: Seen = { kinds: [], indexes: [] };
    const source = new Source(url);
    for (const kind of kinds) {
      source.addEventListener(kind, (message) => {
        if (!seen.kinds.includes(kind)) seen.kinds.push(kind);
        if (kind === 'event') seen.indexes.push(JSON.parse(message.data).index);
        if (kind !== 'end') return;
        source.close();
        resolve(seen);
      });
    }
  });
}

describe('the stream is read whole by', () => {
  const everything = {
    kinds: expect.arrayContaining(KINDS),
    indexes: Array.from({ length: 105 }, (_, i) => i),
  };

  it('curl -N', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      execFile('curl', ['-sN', stream], (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
    for (const kind of KINDS) expect(text).toContain(`event: ${kind}\n`);
    expect(text.match(/^id: \d+\.[0-9a-f]{8}$/gm)).toHaveLength(105);
  });

  it('mission control, which reads most frames only as far as their place', async () => {
    const connection = { url: server.url, token: undefined };
    const runId = /runs\/([^/]+)\//.exec(stream)?.[1] ?? '';
    const indexes: number[] = [];
    const lazy = new Set<string>();
    for await (const items of followInBatches({ connection, runId, lazy: true })) {
      for (const item of items) {
        if (item.kind !== 'frame' || (item.frame.frame !== 'event' && item.frame.frame !== 'snapshot'))
          continue;
        if (item.frame.frame === 'event') indexes.push(item.frame.data.index);
        // What is read whole is a plain object.
        if (Object.getPrototypeOf(item.frame.data) !== Object.prototype) lazy.add(item.frame.frame);
      }
    }
    expect(indexes).toEqual(everything.indexes);
    expect([...lazy].sort()).toEqual(['event', 'snapshot']);
  });

  it('the npm package eventsource', async () => {
    expect(await readAll(EventSource, stream, KINDS)).toEqual(everything);
  });

  it.skipIf(!hasChromium)("Chromium's own EventSource", async () => {
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      // From the server's own origin: other origins are not let in.
      await page.goto(`${server.url}/healthz`);
      const seen = await page.evaluate(
        `(${readAll.toString()})(EventSource, ${JSON.stringify(stream)}, ${JSON.stringify(KINDS)})`,
      );
      expect(seen).toEqual(everything);
    } finally {
      await browser.close();
    }
  });
});
