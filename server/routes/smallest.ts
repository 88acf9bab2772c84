/** Storing the smallest reproduction that was found for a failed run. */
import { Hono } from 'hono';
import { smallestSchema } from '../contract/index.ts';
import { findRun } from '../db/runs.ts';
import { storeSmallest } from '../db/smallest.ts';
import { ApiError } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';

export function smallestRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  routes.put('/:runId/smallest', async (c) => {
    const smallest = validate(smallestSchema, parseJson(await readBodyText(c)), 'the body');
    assertStorable(smallest, 'the body');
    const id = await resolveRunId(sql, c.req.param('runId'));
    if (!(await storeSmallest(sql, id, smallest))) {
      const run = await findRun(sql, id);
      throw new ApiError(
        409,
        'invalid_request',
        `Run ${id} has no failure to reproduce: its status is ${run?.status ?? 'unknown'}. Only a run that ended FAIL has one.`,
      );
    }
    return c.json(await findRun(sql, id));
  });

  return routes;
}
