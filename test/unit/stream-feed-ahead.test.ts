import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { StoredLive } from '../../server/db/live.ts';
import { toEventBytes } from '../../server/ingest/event-block.ts';
import { Metrics } from '../../server/metrics.ts';
import { mergeFrames } from '../../server/stream/frames.ts';
import type { HistoryReader } from '../../server/stream/history-reader.ts';
import { Hub } from '../../server/stream/hub.ts';
import { toBlocks } from '../../server/stream/ring.ts';
import { silentLog } from '../helpers/postgres.ts';

const RUN = '01890000-0000-7000-8000-000000000000';
const START = { index: -1, after: 'snapshot' } as const;

it('sends a reader nothing twice that it read from the database before it went out to the others', async () => {
  const events = (from: number, to: number) =>
    toEventBytes(
      Array.from({ length: to - from }, (_, i) => ({ index: from + i, json: `{"index":${from + i}}` })),
    );
  const epochs = [{ first: 0, epoch: '5f0c9ab1' }];
  let live = {
    status: 'RUNNING',
    eventIndex: 0,
    metrics: '{}',
    eventsPerSecond: 0,
    heartbeatAt: null,
    batches: 1,
    durationSecondsActual: null,
    stopReason: null,
    failure: null,
    epochs,
  } as StoredLive;
  const added = { runId: RUN, epoch: '5f0c9ab1', snapshots: [] };
  const history = {
    live: async () => live,
    newest: async () => ({ events: [], snapshot: null }),
    page: async () => ({ events: events(0, 0), snapshots: [], epochs, drained: true }),
    async read() {
      // Commits are told of while the page is read, which has them already: the first goes out at once, the
      // second waits for its tick.
      hub.publish({ ...added, before: 1, after: 2, events: [events(1, 2)] });
      await nextTurn();
      hub.publish({ ...added, before: 2, after: 3, events: [events(2, 3)] });
      live = { ...live, status: 'PASS', eventIndex: 2, batches: 3 };
      setTimeout(() => hub.wake(RUN), 50);
      const { frames, cursor } = mergeFrames(START, [events(0, 3)], [], epochs);
      return { chunks: toBlocks(frames), cursor, epochs };
    },
  } as unknown as HistoryReader;
  const hub = new Hub({ history, metrics: new Metrics(), log: silentLog });
  const server = createServer((_, response) =>
    hub.follow({ runId: RUN, cursor: START, mode: 'lossless', live }, response),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const [response] = await once(get({ port: (server.address() as AddressInfo).port }), 'response');
    const stream = await text(response);
    expect([...stream.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id)).toEqual(
      ['0', '1', '2', '2e'].map((id) => `${id}.5f0c9ab1`),
    );
  } finally {
    hub.stop();
    server.close();
  }
});
