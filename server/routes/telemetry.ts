/** Takes the batches of a harness; answers only after they are committed. */
import { type Context, Hono } from 'hono';
import { hashOf } from '../access/token.ts';
import type { TelemetryAnswer } from '../contract/index.ts';
import { ApiError, notDeterministic } from '../errors.ts';
import { readBatch } from '../ingest/read-batch.ts';
import { readBody } from '../request.ts';
import { idRange } from '../runs/run-id.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';

const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function telemetryRoutes({ access, groupCommit, metrics }: Services): Hono<ServerEnv> {
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
      const hash = hashOf(token);
      await access.ingestTokens.assertReal(runId, hash);
      const batch = readBatch(await readBody(c), runId);
      const stored = await groupCommit.store(runId, hash, batch);
      if (stored.difference) throw notDeterministic(stored.difference);
      metrics.batchesIngested += 1;
      metrics.eventsIngested += batch.count;
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
