import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FollowOptions, followRun, type StreamItem } from '../../cli/client/stream.ts';
import { CliError } from '../../cli/process/errors.ts';
import type { Frame } from '../../server/contract/index.ts';
import { type FakeServer, startFakeServer, startStream, writeFrame } from '../helpers/fake-server.ts';
import { endFrame, heartbeat, historyFrames, RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
});
afterEach(() => server.close());

const FAST = { backoffMs: { first: 1, longest: 4 }, idleMs: 2_000, random: () => 0 };

async function collect(options: Partial<FollowOptions> = {}): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  const connection = { url: server.url, token: undefined };
  for await (const item of followRun({ connection, runId: RUN_ID, ...FAST, ...options })) items.push(item);
  return items;
}

function indexes(items: StreamItem[]): number[] {
  return items.flatMap((item) =>
    item.kind === 'frame' && item.frame.frame === 'event' ? [item.frame.data.index] : [],
  );
}

function links(items: StreamItem[]): string[] {
  return items.flatMap((item) =>
    item.kind === 'link'
      ? [item.link.status === 'reconnecting' ? `reconnecting: ${item.link.error}` : item.link.status]
      : [],
  );
}

/** The pauses before attempts, in ms. */
function waits(items: StreamItem[]): number[] {
  return items.flatMap((item) =>
    item.kind === 'link' && item.link.status === 'reconnecting' ? [item.link.retryInMs] : [],
  );
}

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i);

describe('following a run', () => {
  test('brings every frame in order and returns after the end', async () => {
    server.push(heartbeat(30), ...historyFrames(0, 30), endFrame(30, 'PASS'));
    const items = await collect();
    expect(indexes(items)).toEqual(upTo(30));
    expect(items.at(-1)).toMatchObject({ kind: 'frame', frame: { frame: 'end', data: { status: 'PASS' } } });
    expect(links(items)).toEqual(['connected']);
  });

  test('starts where it is asked to', async () => {
    server.script = ({ from, response }) => {
      startStream(response);
      for (const frame of [...historyFrames(Number(from), 12), endFrame(12, 'PASS')])
        writeFrame(response, frame);
      response.end();
      return true;
    };
    expect(indexes(await collect({ from: 10 }))).toEqual([10, 11, 12]);
  });

  test('survives 503 and comes back', async () => {
    server.push(...historyFrames(0, 5), endFrame(5, 'PASS'));
    server.script = ({ number, response }) => {
      if (number > 2) return false;
      response.writeHead(503).end();
      return true;
    };
    const items = await collect();
    expect(indexes(items)).toEqual(upTo(5));
    expect(links(items)).toEqual(['reconnecting: HTTP 503', 'reconnecting: HTTP 503', 'connected']);
  });

  test('resumes after a cut with the last id, without a gap or a duplicate', async () => {
    const lastIds: (string | null)[] = [];
    server.script = ({ number, lastEventId, response }) => {
      lastIds.push(lastEventId);
      if (number > 1) return false;
      startStream(response);
      for (const frame of historyFrames(0, 10)) writeFrame(response, frame);
      setImmediate(() => response.destroy());
      return true;
    };
    server.push(...historyFrames(0, 25), endFrame(25, 'PASS'));
    const items = await collect();
    expect(indexes(items)).toEqual(upTo(25));
    expect(lastIds).toEqual([null, '10s']);
  });

  test('drops what it has seen already', async () => {
    server.script = ({ response }) => {
      startStream(response);
      const frames = [...historyFrames(0, 12), ...historyFrames(3, 15), endFrame(15, 'PASS')];
      for (const frame of frames) writeFrame(response, frame);
      response.end();
      return true;
    };
    const items = await collect();
    expect(indexes(items)).toEqual(upTo(15));
    expect(items.filter((item) => item.kind === 'frame' && item.frame.frame === 'snapshot')).toHaveLength(2);
  });

  test('fetches again what a gap left out', async () => {
    server.script = ({ number, lastEventId, response }) => {
      if (number > 1) {
        expect(lastEventId).toBe('4');
        return false;
      }
      startStream(response);
      for (const frame of [...historyFrames(0, 4), ...historyFrames(8, 9)]) writeFrame(response, frame);
      return true;
    };
    server.push(...historyFrames(0, 9), endFrame(9, 'PASS'));
    const items = await collect();
    expect(indexes(items)).toEqual(upTo(9));
    expect(links(items)).toContain('reconnecting: event 5 is missing before 8');
  });

  test('lets itself be told what was passed over, and asks again for what was not even told', async () => {
    const skipped = (from: number, to: number): Frame => ({
      frame: 'skipped',
      data: { from, to, events: to - from + 1 },
    });
    server.script = ({ number, lastEventId, response }) => {
      if (number > 1) expect(lastEventId).toBe('6');
      startStream(response);
      const frames =
        number === 1
          ? [skipped(0, 4), ...historyFrames(5, 6), ...historyFrames(9, 9)]
          : [skipped(7, 8), ...historyFrames(9, 9), endFrame(9, 'PASS')];
      for (const frame of frames) writeFrame(response, frame);
      if (number > 1) response.end();
      return true;
    };
    const items = await collect({ mode: 'live' });
    expect(indexes(items)).toEqual([5, 6, 9]);
    expect(links(items)).toContain('reconnecting: event 7 is missing before 9');
  });

  test('starts over when it is told that what it has is not stored any more', async () => {
    const lastIds: (string | null)[] = [];
    const reset: Frame = { frame: 'reset', data: { code: 'history_lost', message: 'start over' } };
    server.script = ({ number, lastEventId, response }) => {
      lastIds.push(lastEventId);
      startStream(response);
      const lost = [...historyFrames(0, 9), reset];
      const stored = [...historyFrames(0, 6), endFrame(6, 'PASS')];
      for (const frame of number === 1 ? lost : stored) writeFrame(response, frame);
      response.end();
      return true;
    };
    const items = await collect();
    expect(indexes(items)).toEqual([...upTo(9), ...upTo(6)]);
    expect(lastIds, 'also when the stream breaks right then').toEqual([null, null]);
    expect(items.filter((item) => item.kind === 'frame' && item.frame.frame === 'reset')).toHaveLength(1);
  });

  test('does not take an end for the end while events are missing', async () => {
    server.script = ({ number, response }) => {
      if (number > 1) return false;
      startStream(response);
      for (const frame of [...historyFrames(0, 4), endFrame(9, 'PASS')]) writeFrame(response, frame);
      return true;
    };
    server.push(...historyFrames(0, 9), endFrame(9, 'PASS'));
    expect(indexes(await collect())).toEqual(upTo(9));
  });

  test('gives up with a reason when the same gap comes again and again', async () => {
    server.push(...historyFrames(0, 4), ...historyFrames(8, 9), endFrame(9, 'PASS'));
    await expect(collect()).rejects.toThrow('leaves out events: 5 should come, 8 came');
  });

  test('cuts a link that fell silent and connects again', async () => {
    server.script = ({ number, response }) => {
      if (number > 1) return false;
      startStream(response);
      for (const frame of historyFrames(0, 3)) writeFrame(response, frame);
      return true;
    };
    server.push(...historyFrames(0, 6), endFrame(6, 'PASS'));
    const items = await collect({ idleMs: 600 });
    expect(indexes(items)).toEqual(upTo(6));
    expect(links(items)).toEqual(['connected', 'reconnecting: nothing was heard for 0.6 s', 'connected']);
  });

  test('comes back when the server tells it to, and each time from then on', async () => {
    server.script = ({ number, response }) => {
      if (number > 3) return false;
      startStream(response);
      // In pieces, as a network may cut it.
      if (number === 1) for (const piece of ['ret', 'ry: 8', '0\r\n\r\n']) response.write(piece);
      writeFrame(response, historyFrames(0, 3)[number - 1] as Frame);
      response.end();
      return true;
    };
    server.push(...historyFrames(0, 3), endFrame(3, 'PASS'));
    const items = await collect();
    expect(indexes(items)).toEqual(upTo(3));
    expect(waits(items)).toEqual([80, 80, 80]);
  });

  test('waits for longer than it is told after attempts in vain, and a little more than another watcher', async () => {
    server.script = ({ number, response }) => {
      if (number > 3) return false;
      if (number > 1) response.writeHead(503);
      else startStream(response).write('retry: 4\n\n');
      response.end();
      return true;
    };
    server.push(...historyFrames(0, 3), endFrame(3, 'PASS'));
    const items = await collect({ backoffMs: { first: 2, longest: 100 }, random: () => 1 });
    expect(waits(items)).toEqual([5, 5, 8]);
  });

  test.each([
    ['retry: 99999999999999999999999', 30_000],
    [`retry: ${'9'.repeat(500)}`, 30_000],
    ['retry: 70\nretry:60', 60],
    ['retry: -1', 1],
    ['retry: soon', 1],
    ['retry', 1],
    ['retry: 1e9', 1],
    ['Retry: 900', 1],
    ['data: retry: 900', 1],
    ['retry: 0', 1],
  ])('is not kept away by %j', async (line, wait) => {
    server.script = ({ number, response }) => {
      if (number > 1) return false;
      startStream(response).write(`${line}\n\n`);
      response.end();
      return true;
    };
    const leave = new AbortController();
    const seen: number[] = [];
    const connection = { url: server.url, token: undefined };
    const options = { ...FAST, backoffMs: { first: 2, longest: 2 }, signal: leave.signal };
    for await (const item of followRun({ connection, runId: RUN_ID, ...options })) {
      if (item.kind !== 'link' || item.link.status !== 'reconnecting') continue;
      seen.push(item.link.retryInMs);
      leave.abort();
    }
    expect(seen).toEqual([wait]);
  });

  test('comes back when a server that has too many streams says, and tells why it waits', async () => {
    server.script = ({ number, response }) => {
      if (number > 1) return false;
      const error = { code: 'too_many_requests', message: 'This token has as many streams open as it may.' };
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' });
      response.end(JSON.stringify({ error }));
      return true;
    };
    server.push(...historyFrames(0, 1), endFrame(1, 'PASS'));
    const items = await collect();
    expect(waits(items)).toEqual([1_000]);
    expect(links(items)).toContain('reconnecting: HTTP 429: This token has as many streams open as it may.');
  });

  test('survives a frame that is no JSON', async () => {
    server.script = ({ number, response }) => {
      if (number > 1) return false;
      startStream(response);
      response.write('event: event\nid: 0\ndata: {oops\n\n');
      return true;
    };
    server.push(...historyFrames(0, 2), endFrame(2, 'PASS'));
    expect(indexes(await collect())).toEqual(upTo(2));
  });

  test.each([
    [404, { code: 'not_found', message: 'there is no run abc' }, 2, 'there is no run abc'],
    [403, { code: 'forbidden', message: 'another token is needed' }, 4, 'another token is needed'],
    [410, { code: 'pruned', message: 'run abc was removed' }, 2, 'run abc was removed'],
    [401, { code: 'unauthorized', message: 'a token is needed' }, 4, 'a token is needed'],
  ])('ends for good at HTTP %i', async (status, error, exitCode, message) => {
    server.script = ({ response }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      return true;
    };
    const failure = await collect().catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(CliError);
    expect(failure).toMatchObject({ exitCode, message });
    expect(server.requests).toHaveLength(1);
  });

  test('keeps its process alive and comes in once a server that refused is there', async () => {
    const port = await freePort();
    const module = new URL('../../cli/client/stream.ts', import.meta.url).href;
    const script = `
      const { followRun } = await import(${JSON.stringify(module)});
      const connection = { url: 'http://127.0.0.1:${port}', token: undefined };
      for await (const item of followRun({ connection, runId: '${RUN_ID}', backoffMs: { first: 20, longest: 40 } })) {
        if (item.kind === 'link') console.log(item.link.status);
        else if (item.frame.frame === 'event') console.log(item.frame.data.index);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    const exited = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      // Nothing but the timer of the next attempt is under way in it between these.
      if (lines.length === 3) {
        server.push(...historyFrames(0, 2), endFrame(2, 'PASS'));
        await server.listenAt(port);
      }
    }
    expect(lines.slice(0, 3)).toEqual(['reconnecting', 'reconnecting', 'reconnecting']);
    expect(lines.slice(-4)).toEqual(['connected', '0', '1', '2']);
    expect(await exited).toEqual([0, null]);
  });

  test('gives up after the attempts it was allowed, with exit code 4', async () => {
    const free = await freePort();
    const connection = { url: `http://127.0.0.1:${free}`, token: undefined };
    const failure = await collect({ connection, maxAttempts: 2 }).catch((reason: unknown) => reason);
    expect(failure).toMatchObject({ exitCode: 4 });
    expect(String(failure)).toContain('connection refused');
  });

  test('ends at once when it is told to', async () => {
    const abort = new AbortController();
    server.push(...historyFrames(0, 3));
    const seen: number[] = [];
    const connection = { url: server.url, token: undefined };
    for await (const item of followRun({ connection, runId: RUN_ID, ...FAST, signal: abort.signal })) {
      if (item.kind === 'frame' && item.frame.frame === 'event') seen.push(item.frame.data.index);
      if (seen.length === 4) abort.abort();
    }
    expect(seen).toEqual(upTo(3));
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
