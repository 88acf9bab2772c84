import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Notifications } from '../../server/stream/notify.ts';
import { silentLog } from '../helpers/postgres.ts';
import { eventsFrom, passed } from '../helpers/server.ts';
import { collect, cursors, placeIn, readSse } from '../helpers/sse.ts';
import { expectedCursors, servedStreams } from '../helpers/streams.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';

const streams = servedStreams();
const { begin, metric, stalledReader, startAnother, streamUrl } = streams;

describe('fan-out', () => {
  it('carries the same bytes from memory as from the database', async () => {
    const harness = await begin();
    const early = collect(await readSse(streamUrl(harness)));
    for (let i = 0; i < 40; i++) {
      const events = eventsFrom(harness.next, 5).map((event) => ({
        ...event,
        at: event.index % 2 ? event.at : event.at.replace('Z', '789Z'),
        virtualMs: event.index / 3,
        data: { text: `\u2028 \\ "${event.index}" \t ü`, '2': 1, a: [1e21, -0.5, null] },
      }));
      const answer = await harness.post({ events });
      harness.next = (answer.body as { next: number }).next;
    }
    await harness.send(1, { end: passed });
    const late = collect(await readSse(streamUrl(harness)));
    const history = (frames: Awaited<typeof early>) => frames.filter(({ frame }) => frame !== 'heartbeat');
    expect(history(await early)).toEqual(history(await late));
    expect(cursors(await early)).toHaveLength(201);
  });

  it('is gapless when batches of one run are taken by two servers in turn', async () => {
    const harness = await begin();
    const second = await startAnother();
    const reading = [streams.server, second, streams.server, second].map(async ({ url }) =>
      collect(await readSse(streamUrl(harness, '', url))),
    );
    const at = new Date(0).toISOString();
    for (let i = 0; i < 60; i++) {
      harness.base = i % 2 ? streams.server.url : second.url;
      const from = harness.next;
      const events = eventsFrom(from, 1 + (i % 4));
      harness.next += events.length;
      expect((await harness.post({ events })).status).toBe(200);
      // A snapshot for itself, by way of the other server: nobody may overlook it.
      harness.base = i % 2 ? second.url : streams.server.url;
      const last = harness.next - 1;
      expect((await harness.post({ snapshots: [{ index: last, at, metrics: { last } }] })).status).toBe(200);
    }
    await harness.send(1, { end: passed });
    const seen = (await Promise.all(reading)).map(cursors);
    const [first, ...others] = seen as [string[], ...string[][]];
    expect(first.filter((id) => id.endsWith('s'))).toHaveLength(60);
    expect(first.filter((id) => !id.endsWith('s'))).toEqual(
      Array.from({ length: harness.next }, (_, i) => String(i)),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  it('goes on from memory under a steady load that began before the subscriber came', async () => {
    const harness = await begin();
    let ended = false;
    const sending = (async () => {
      while (!ended) await harness.send(7);
      await harness.send(1, { end: passed });
    })();
    const readers = await Promise.all(Array.from({ length: 20 }, () => readSse(streamUrl(harness))));
    const reading = readers.map((reader) => collect(reader));
    await delay(1_000);
    ended = true;
    await sending;
    for (const frames of await Promise.all(reading))
      expect(cursors(frames)).toEqual(expectedCursors(harness.next));
  });

  it('cuts a reader that takes nothing for 10 s, which then goes on by its id without a gap; others see nothing of it', async () => {
    const harness = await begin();
    const socket = await stalledReader(harness);
    const closed = once(socket, 'close');
    socket.on('error', () => undefined);
    const reading = collect(await readSse(streamUrl(harness)));
    for (let i = 0; i < 25; i++) await harness.send(1_000);
    const before = process.memoryUsage().arrayBuffers;
    const sent = performance.now();
    while ((await metric('simcity_streams_cut_total')) === 0) {
      expect(performance.now() - sent).toBeLessThan(30_000);
      await delay(250);
    }
    expect(await metric('simcity_stream_subscribers')).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    let got = '';
    socket.on('data', (data) => {
      got += String(data);
    });
    socket.resume();
    await closed;
    const ids = [...got.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id as string);
    // The last frame may have been cut off behind its id.
    const whole = ids.slice(0, -1);
    const rest = collect(await readSse(streamUrl(harness), { 'last-event-id': whole.at(-1) as string }));
    await harness.send(1, { end: passed });
    const all = expectedCursors(harness.next);
    expect([...whole.map(placeIn), ...cursors(await rest)]).toEqual(all);
    expect(cursors(await reading)).toEqual(all);
  });

  it('counts each frame that goes out to a reader, the end too, but no heartbeat', async () => {
    const harness = await begin();
    await harness.send(300);
    const reading = ['', '?mode=live', '?from=250'].map(async (query) =>
      collect(await readSse(streamUrl(harness, query))),
    );
    for (let i = 0; i < 20; i++) await harness.send(20);
    await harness.send(1, { end: passed });
    const late = collect(await readSse(streamUrl(harness)));
    const frames = (await Promise.all([...reading, late]))
      .flat()
      .filter(({ frame }) => frame !== 'heartbeat');
    expect(frames.filter(({ frame }) => frame === 'end')).toHaveLength(4);
    expect(await metric('simcity_frames_delivered_total')).toBe(frames.length);
  });

  it('counts no frames for a reader that is gone', async () => {
    const harness = await begin();
    // More than the kernel holds for one connection.
    for (let i = 0; i < 40; i++) {
      const events = eventsFrom(harness.next, 1).map((event) => ({
        ...event,
        data: { text: 'x'.repeat(400_000) },
      }));
      expect((await harness.post({ events })).status).toBe(200);
      harness.next += 1;
    }
    await harness.send(1, { end: passed });
    const stalled = await stalledReader(harness);
    // Who reads all of it takes longer than the other fills its connection.
    const whole = (await collect(await readSse(streamUrl(harness)))).filter(
      ({ frame }) => frame !== 'heartbeat',
    );
    expect(await metric('simcity_stream_subscribers')).toBe(1);
    const counted = await metric('simcity_frames_delivered_total');
    expect(counted).toBeGreaterThan(whole.length);
    expect(counted).toBeLessThan(2 * whole.length);
    stalled.resetAndDestroy();
    while ((await metric('simcity_stream_subscribers')) > 0);
    expect(await metric('simcity_frames_delivered_total')).toBe(counted);
  });

  it('serves a client of HTTP/1.0, such as a proxy, the bytes as they are', async () => {
    const harness = await begin();
    await harness.send(12);
    await harness.send(1, { end: passed });
    const socket = await stalledReader(harness, 'HTTP/1.0');
    let text = '';
    socket.on('data', (data) => {
      text += String(data);
    });
    socket.resume();
    await once(socket, 'close');
    const [head, body] = text.split('\r\n\r\n') as [string, string];
    expect(head).not.toMatch(/chunked/i);
    expect(body).toMatch(/^event: heartbeat\ndata: /);
    expect([...body.matchAll(/^id: (\S+)$/gm)].map(([, id]) => placeIn(id))).toEqual([
      ...expectedCursors(13),
      '12e',
    ]);
  });

  it('stops within 5 s also with readers that take nothing', async () => {
    const harness = await begin();
    const sockets = await Promise.all([1, 2, 3].map(() => stalledReader(harness)));
    for (const socket of sockets) socket.on('error', () => undefined);
    const reader = await readSse(streamUrl(harness));
    const reading = collect(reader);
    for (let i = 0; i < 15; i++) await harness.send(1_000);
    const begun = performance.now();
    await streams.server.stop();
    expect(performance.now() - begun).toBeLessThan(5_000);
    await reading;
    expect(reader.retry()).toBeGreaterThanOrEqual(500);
    for (const socket of sockets) socket.destroy();
  });
});

describe('notifications', () => {
  it('notices a connection that fell silent, listens again, and says that something may have been missed', async () => {
    const direct = streams.databaseUrl;
    const proxy = await TcpProxy.start(Number(new URL(direct).port));
    const heard: string[] = [];
    let missed = Promise.withResolvers<void>();
    const options = { log: silentLog, probeEveryMs: 50, probeWithinMs: 200 };
    const listener = new Notifications({
      ...options,
      databaseUrl: proxy.inFrontOf(direct),
      onRun: (runId) => heard.push(runId),
      onMissed: () => missed.resolve(),
    });
    const sender = new Notifications({
      ...options,
      databaseUrl: direct,
      onRun: (id) => heard.push(`echo ${id}`),
      onMissed: () => undefined,
    });
    try {
      await missed.promise;
      const told = async (runId: string) => {
        while (!heard.includes(runId)) {
          sender.announce(runId);
          await delay(20);
        }
      };
      await told('first');
      missed = Promise.withResolvers();
      for (const link of proxy.links) link.silent = true;
      await missed.promise;
      await told('second');
      expect(heard.filter((each) => each.startsWith('echo'))).toEqual([]);
    } finally {
      await Promise.all([listener.close(), sender.close()]);
      await proxy.close();
    }
  });

  it('notices a connection that fell silent before it listened', async () => {
    const proxy = await TcpProxy.start(Number(new URL(streams.databaseUrl).port));
    let asked = 0;
    proxy.onRequest = (piece, link) => {
      // Of the first that asks to listen nothing is answered, and nobody is told.
      if (piece.includes('listen simcity_run') && ++asked === 1) link.silent = true;
      return 'pass';
    };
    const listens = Promise.withResolvers<void>();
    const listener = new Notifications({
      databaseUrl: proxy.inFrontOf(streams.databaseUrl),
      log: silentLog,
      probeWithinMs: 200,
      onRun: () => undefined,
      onMissed: () => listens.resolve(),
    });
    try {
      await listens.promise;
      expect(asked).toBe(2);
      expect(listener.lostForMs).toBe(0);
    } finally {
      await listener.close();
      await proxy.close();
    }
  });

  it('are at most ten a second for a run, and the last one is not lost', async () => {
    const heard: string[] = [];
    const ready = Promise.withResolvers<void>();
    const common = { databaseUrl: streams.databaseUrl, log: silentLog };
    const listener = new Notifications({
      ...common,
      onRun: (runId) => heard.push(runId),
      onMissed: () => ready.resolve(),
    });
    const connected = Promise.withResolvers<void>();
    const sender = new Notifications({
      ...common,
      onRun: () => undefined,
      onMissed: () => connected.resolve(),
    });
    try {
      await Promise.all([ready.promise, connected.promise]);
      const begun = performance.now();
      while (performance.now() - begun < 1_000) {
        sender.announce('run');
        await delay(1);
      }
      sender.announce('last');
      while (!heard.includes('last')) await delay(10);
      const seconds = (performance.now() - begun) / 1_000;
      expect(heard.filter((each) => each === 'run').length).toBeLessThanOrEqual(10 * seconds + 2);
      expect(heard.filter((each) => each === 'run').length).toBeGreaterThan(2);
    } finally {
      await Promise.all([listener.close(), sender.close()]);
    }
  });
});
