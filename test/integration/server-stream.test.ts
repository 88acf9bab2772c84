import { EventSource } from 'eventsource';
import { describe, expect, it } from 'vitest';
import { followInBatches, followRun } from '../../cli/client/stream.ts';
import {
  endFrameSchema,
  eventSchema,
  heartbeatFrameSchema,
  skippedFrameSchema,
  snapshotSchema,
} from '../../server/contract/index.ts';
import { eventsFrom, passed } from '../helpers/server.ts';
import { collect, cursors, placeIn, type ReadFrame, readSse } from '../helpers/sse.ts';
import { expectedCursors, servedStreams } from '../helpers/streams.ts';

const streams = servedStreams();
const { begin, stalledReader, startAnother, streamUrl } = streams;

describe('the stream', () => {
  it('sends a heartbeat at once, history in order with snapshots after their events, the end, and closes', async () => {
    const harness = await begin();
    await harness.send(25);
    await harness.send(6, { end: passed });
    const reader = await readSse(streamUrl(harness));
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const frames = await collect(reader);
    expect(frames[0]?.frame).toBe('heartbeat');
    expect(frames[0]?.id).toBeUndefined();
    expect(cursors(frames)).toEqual(expectedCursors(31));
    expect(frames.at(-1)).toMatchObject({
      frame: 'end',
      id: expect.stringMatching(/^30e\.[0-9a-f]{8}$/),
      data: { status: 'PASS', pass: true, eventIndex: 30, failure: null },
    });
    const schemas = {
      heartbeat: heartbeatFrameSchema,
      event: eventSchema,
      snapshot: snapshotSchema,
      end: endFrameSchema,
    };
    for (const { frame, data } of frames) schemas[frame as keyof typeof schemas].parse(data);
  });

  it('goes on after any cursor, begins at any index, and answers 204 to who has had the end', async () => {
    const harness = await begin();
    await harness.send(24);
    await harness.send(1, { end: passed });
    const all = expectedCursors(25);
    for (const cursor of ['0', '8', '9', '9s', '10', '24']) {
      const frames = await collect(await readSse(streamUrl(harness), { 'last-event-id': cursor }));
      expect(cursors(frames)).toEqual(all.slice(all.indexOf(cursor) + 1));
      expect(frames.at(-1)?.frame).toBe('end');
    }
    expect(cursors(await collect(await readSse(streamUrl(harness, '?from=10'))))).toEqual(
      expectedCursors(25, 10),
    );
    expect(cursors(await collect(await readSse(streamUrl(harness, '?after=19s'))))).toEqual(
      expectedCursors(25, 20),
    );
    // A client that reconnects repeats its query: the cursor is the newer word.
    const both = await readSse(streamUrl(harness, '?from=3'), { 'last-event-id': '22' });
    expect(cursors(await collect(both))).toEqual(expectedCursors(25, 23));
    expect((await readSse(streamUrl(harness), { 'last-event-id': '24e' })).status).toBe(204);
    expect((await readSse(streamUrl(harness), { 'last-event-id': 'nonsense' })).status).toBe(400);
  });

  it('begins anew, with reset before, for who has read what is not stored', async () => {
    const harness = await begin();
    await harness.send(24);
    await harness.send(1, { end: passed });
    const [, event] = await collect(await readSse(streamUrl(harness)), ({ frame }) => frame === 'event');
    const epoch = event?.id?.split('.')[1] ?? '';
    const other = epoch.replace(/./g, (digit) => (digit === 'f' ? '0' : 'f'));
    for (const cursor of ['99', `99.${epoch}`, '99e', `10.${other}`, `24e.${other}`]) {
      const frames = await collect(await readSse(streamUrl(harness), { 'last-event-id': cursor }));
      expect(frames[0], cursor).toMatchObject({ frame: 'reset', id: '', data: { code: 'history_lost' } });
      expect(cursors(frames)).toEqual(expectedCursors(25));
    }
    for (const cursor of [`10.${epoch}`, '10'])
      expect(cursors(await collect(await readSse(streamUrl(harness), { 'last-event-id': cursor })))).toEqual(
        expectedCursors(25, 11),
      );
    expect((await readSse(streamUrl(harness), { 'last-event-id': `24e.${epoch}` })).status).toBe(204);
    const live = await collect(await readSse(streamUrl(harness, `?mode=live&after=10.${other}`)));
    expect(live.map(({ frame }) => frame).slice(0, 3)).toEqual(['reset', 'heartbeat', 'skipped']);
  });

  it('is gapless for those who come, leave and return while batches are committed', async () => {
    const harness = await begin();
    const total = 1_500;
    async function followWithCuts(seed: number): Promise<string[]> {
      const seen: ReadFrame[] = [];
      for (let round = 0; ; round++) {
        const last = cursors(seen).at(-1);
        const reader = await readSse(streamUrl(harness), last === undefined ? {} : { 'last-event-id': last });
        let left = 20 + ((seed * 37 + round * 61) % 200);
        const frames = await collect(reader, () => left-- === 0);
        reader.cut();
        seen.push(...frames);
        if (frames.at(-1)?.frame === 'end') return cursors(seen);
      }
    }
    const followers = [1, 2, 3, 4, 5].map(followWithCuts);
    const steady = [1, 2, 3].map(async () => cursors(await collect(await readSse(streamUrl(harness)))));
    for (let size = 1; harness.next < total; size = (size % 17) + 1) await harness.send(size);
    await harness.send(1, { end: passed });
    for (const seen of await Promise.all([...followers, ...steady]))
      expect(seen).toEqual(expectedCursors(harness.next));
  });

  it('conflates for mode=live: the newest, and how many events were passed over, adding up to the whole', async () => {
    const harness = await begin();
    await harness.send(300);
    const reading = collect(await readSse(streamUrl(harness, '?mode=live')));
    for (let i = 0; i < 30; i++) await harness.send(20);
    await harness.send(1, { end: passed });
    const frames = await reading;
    let next = 0;
    let skipped = 0;
    for (const { frame, data, id } of frames) {
      if (frame === 'event') {
        expect(data['index']).toBe(next);
        next += 1;
      } else if (frame === 'skipped') {
        const { from, to, events } = skippedFrameSchema.parse(data);
        expect([from, events, placeIn(id)]).toEqual([next, to - from + 1, String(to)]);
        skipped += events;
        next = to + 1;
      } else if (frame === 'snapshot') expect(data['index']).toBe(next - 1);
    }
    expect(next).toBe(harness.next);
    expect(skipped).toBeGreaterThanOrEqual(280);
    expect(frames.at(-1)).toMatchObject({ frame: 'end', data: { eventIndex: harness.next - 1 } });
  });

  it('carries what was sent to another server on the same database', async () => {
    const harness = await begin();
    const second = await startAnother();
    const reader = await readSse(streamUrl(harness, '', second.url));
    const reading = collect(reader);
    await harness.send(40);
    await harness.send(1, { end: passed });
    expect(cursors(await reading)).toEqual(expectedCursors(41));
  });

  it('delivers by polling when no notification comes', async () => {
    const harness = await begin();
    const second = await startAnother();
    const reading = collect(
      await readSse(streamUrl(harness, '', second.url)),
      ({ id }) => placeIn(id) === '4',
    );
    await streams.sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'simcity-server-listen' and datname = current_database()`;
    await harness.send(5);
    expect(cursors(await reading)).toEqual(expectedCursors(5));
  });

  it('beats every second while nothing happens, with the newest metrics', async () => {
    const harness = await begin();
    await harness.send(3);
    let beats = 0;
    const frames = await collect(
      await readSse(streamUrl(harness)),
      ({ frame }) => frame === 'heartbeat' && ++beats === 3,
    );
    const times = frames
      .filter(({ frame }) => frame === 'heartbeat')
      .map(({ data }) => Date.parse(String(data['at'])));
    expect(times[2]! - times[0]!).toBeGreaterThan(1_800);
    expect(times[2]! - times[0]!).toBeLessThan(3_500);
    expect(frames.at(-1)?.data).toMatchObject({ status: 'RUNNING', eventIndex: 2, metrics: { bookings: 3 } });
  });

  it('ends with a hint when to come back when the server stops, and goes on at the next server', async () => {
    const harness = await begin();
    await harness.send(12);
    const reader = await readSse(streamUrl(harness));
    const first: ReadFrame[] = [];
    for await (const frame of reader.frames) {
      first.push(frame);
      if (placeIn(frame.id) === '11') await streams.server.stop();
    }
    expect(reader.retry()).toBeGreaterThanOrEqual(500);
    await streams.restart();
    await harness.send(5);
    await harness.send(1, { end: passed });
    const rest = await collect(
      await readSse(streamUrl(harness), { 'last-event-id': cursors(first).at(-1)! }),
    );
    expect([...cursors(first), ...cursors(rest)]).toEqual(expectedCursors(18));
  });

  it('is followed by the command line again when the hint of each says, and not before', async () => {
    const harness = await begin();
    await harness.send(5);
    const leave = new AbortController();
    const connection = { url: streams.server.url, token: undefined };
    const follow = async () => {
      const options = { connection, runId: harness.runId, signal: leave.signal };
      for await (const item of followRun({ ...options, backoffMs: { first: 1, longest: 1 } })) {
        if (item.kind === 'frame' && item.frame.frame === 'event' && item.frame.data.index === 4) arrived();
        if (item.kind === 'link' && item.link.status === 'reconnecting') return item.link.retryInMs;
      }
      return 0;
    };
    const all = Promise.withResolvers<void>();
    let here = 0;
    const arrived = () => {
      here += 1;
      if (here === 5) all.resolve();
    };
    const following = Array.from({ length: 5 }, follow);
    await all.promise;
    await streams.server.stop();
    const waits = await Promise.all(following);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(500);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(2_500);
    expect(new Set(waits).size).toBeGreaterThan(1);
    leave.abort();
  });

  it('is left for that of the newest by a command line that falls behind, which then has the end at once', async () => {
    const harness = await begin();
    // 800 kB for each piece that the reader takes, which is of 256 KiB at most.
    const sendMuch = async () => {
      const events = eventsFrom(harness.next, 100).map((event) => ({
        ...event,
        data: { text: 'x'.repeat(8_000) },
      }));
      expect((await harness.post({ events })).status).toBe(200);
      harness.next += events.length;
    };
    const connection = { url: streams.server.url, token: undefined };
    // Its patience of 5 s is one of 50 ms here: the next heartbeat ends it.
    const now = () => 100 * performance.now();
    let next = 0;
    let skipped = 0;
    let ended = false;
    for await (const items of followInBatches({ connection, runId: harness.runId, mode: 'auto', now })) {
      for (const item of items) {
        if (item.kind === 'link') expect(item.link.status).toBe('connected');
        else if (item.frame.frame === 'event') next = item.frame.data.index + 1;
        else if (item.frame.frame === 'skipped') {
          expect(item.frame.data.from).toBe(next);
          next = item.frame.data.to + 1;
          skipped += item.frame.data.events;
        }
      }
      if (skipped === 0) await sendMuch();
      else if (!ended) {
        ended = true;
        await harness.send(1, { end: passed });
      }
    }
    expect(next).toBe(harness.next);
    expect(skipped).toBeGreaterThan(100);
  });

  it('does not hold up others, nor grow, for a reader that takes nothing', async () => {
    const harness = await begin();
    const socket = await stalledReader(harness);
    const reading = collect(await readSse(streamUrl(harness)));
    for (let i = 0; i < 15; i++) await harness.send(1_000);
    await harness.send(1, { end: passed });
    expect(cursors(await reading)).toHaveLength(15_001 + 1_500);
    socket.destroy();
  });

  it('is read by the npm package eventsource, which does not come back after the end', async () => {
    const harness = await begin();
    const source = new EventSource(streamUrl(harness));
    const kinds = new Set<string>();
    const ids: string[] = [];
    const ended = Promise.withResolvers<void>();
    const gaveUp = Promise.withResolvers<number | undefined>();
    for (const kind of ['heartbeat', 'event', 'snapshot', 'end']) {
      source.addEventListener(kind, (message) => {
        kinds.add(kind);
        if (kind === 'event' || kind === 'snapshot') ids.push(placeIn(message.lastEventId));
        if (kind === 'end') ended.resolve();
      });
    }
    source.addEventListener('error', (event) => {
      if (source.readyState === EventSource.CLOSED) gaveUp.resolve(event.code);
    });
    await harness.send(20);
    await harness.send(1, { end: passed });
    await ended.promise;
    expect([...kinds].sort()).toEqual(['end', 'event', 'heartbeat', 'snapshot']);
    expect(ids).toEqual(expectedCursors(21));
    expect(await gaveUp.promise).toBe(204);
    source.close();
  });
});
