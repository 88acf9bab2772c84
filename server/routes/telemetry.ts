/** Takes the batches of a harness; answers only after they are committed. */
import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { type TelemetryAnswer, telemetryBatchSchema } from '../contract/index.ts';
import { type Batch, ingest } from '../db/events.ts';
import { ApiError, invalidRequest } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { idRange } from '../runs/run-id.ts';
import { assertStorable, maySpellUnstorable } from '../runs/storable-text.ts';
import type { ServerEnv, Services } from '../services.ts';
import { validate } from '../validate.ts';

const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function telemetryRoutes({ sql, hub, metrics }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.post('/:runId/telemetry', async (c) => {
    const runId = c.req.param('runId').toLowerCase();
    try {
      const token = readToken(c);
      if (!WHOLE_ID.test(runId) || !idRange(runId)) {
        throw new ApiError(
          404,
          'not_found',
          `Telemetry needs the whole id of a run; ${JSON.stringify(runId)} is none.`,
        );
      }
      const batch = readBatch(await readBodyText(c));
      const stored = await ingest(sql, runId, createHash('sha256').update(token).digest(), batch);
      metrics.batchesIngested += 1;
      metrics.eventsIngested += batch.events.length;
      hub.wake(runId);
      const answer: TelemetryAnswer = {
        next: stored.next,
        stop: stored.stopRequested ? { reason: stored.stopReason } : null,
      };
      return c.json(answer);
    } catch (error) {
      metrics.batchesRefused += 1;
      throw error;
    }
  });

  return routes;
}

function readToken(c: Context): string {
  const match = /^Bearer ([\x21-\x7e]+)$/i.exec(c.req.header('authorization') ?? '');
  if (match?.[1]) return match[1];
  throw new ApiError(
    401,
    'unauthorized',
    'Telemetry needs the header Authorization: Bearer <token of the run>.',
  );
}

function readBatch(text: string): Batch {
  const { events, snapshots, live, end } = validate(telemetryBatchSchema, parseJson(text), 'the body');
  if (maySpellUnstorable(text)) {
    for (const event of events) assertStorable(event, `Event ${event.index}: event`);
    for (const snapshot of snapshots) assertStorable(snapshot, `Snapshot ${snapshot.index}: snapshot`);
    assertStorable(live, 'live');
    assertStorable(end, 'end');
  }
  assertEndIsLast(events, end !== undefined);
  return { events, snapshots, live, end };
}

/** The event of type `end` is the last of a history, and comes together with the report of the end. */
function assertEndIsLast(events: Batch['events'], hasReport: boolean): void {
  const position = events.findIndex(({ type }) => type === 'end');
  if (position === -1) return;
  const index = events[position]?.index;
  if (position !== events.length - 1) {
    throw invalidRequest(
      `Event ${index} is of type end, but is followed by others. It must be the last of a run.`,
    );
  }
  if (!hasReport) {
    throw invalidRequest(
      `Event ${index} is of type end, but the batch has no field "end". Send both together.`,
    );
  }
}
