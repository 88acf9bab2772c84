/** The server's own fan-out without a database: what is posted is published to the run's feed at once. */
import type { ServerResponse } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { StoredLive } from '../../../server/db/live.ts';
import { toEventBytes } from '../../../server/ingest/event-block.ts';
import { readBatch } from '../../../server/ingest/read-batch.ts';
import { Metrics } from '../../../server/metrics.ts';
import { createLog } from '../../../server/process-edge.ts';
import { readBody } from '../../../server/request.ts';
import type { ServerEnv } from '../../../server/server-env.ts';
import type { HistoryReader } from '../../../server/stream/history-reader.ts';
import { Hub } from '../../../server/stream/hub.ts';

const EPOCH = '5f0c9ab1';
const EPOCHS = [{ first: 0, epoch: EPOCH }];

/** Where each channel stands. */
const channels = new Map<string, { batches: number; newest: number }>();
const channel = (id = '') => {
  const known = channels.get(id) ?? { batches: 0, newest: -1 };
  channels.set(id, known);
  return known;
};

const live = (id: string): StoredLive => ({
  status: 'RUNNING',
  eventIndex: channel(id).newest,
  metrics: '{}',
  eventsPerSecond: 0,
  heartbeatAt: null,
  batches: channel(id).batches,
  durationSecondsActual: null,
  stopReason: null,
  failure: null,
  epochs: EPOCHS,
});

/** Nothing is stored: whoever falls behind the ring is lost, and the benchmark counts it. */
const history = {
  live: (id: string) => Promise.resolve(live(id)),
  page: () => Promise.resolve({ events: toEventBytes([]), snapshots: [], epochs: EPOCHS, drained: true }),
  newest: () => Promise.resolve({ events: [], snapshot: null }),
  read: () => Promise.reject(new Error('fell behind the ring')),
} as unknown as HistoryReader;

const hub = new Hub({ history, metrics: new Metrics(), log: createLog('bench') });
const app = new Hono<ServerEnv>();

app.get('/sub', (c) => {
  const id = c.req.query('id') ?? '';
  const { newest } = channel(id);
  const cursor = { index: newest, after: newest < 0 ? 'snapshot' : 'event' } as const;
  hub.follow({ runId: id, cursor, mode: 'lossless', live: live(id) }, c.env.outgoing as ServerResponse);
  return RESPONSE_ALREADY_SENT;
});

app.post('/pub', async (c) => {
  const runId = c.req.query('id') ?? '';
  const { block } = readBatch(await readBody(c), runId);
  if (block === null) return c.text('out of order', 400);
  const known = channel(runId);
  known.newest = block.first + block.count - 1;
  known.batches += 1;
  const { batches } = known;
  hub.publish({ runId, before: batches - 1, after: batches, epoch: EPOCH, events: [block], snapshots: [] });
  return c.body(null, 202);
});

const server = createAdaptorServer({ fetch: app.fetch });
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? address.port : 0);
});
