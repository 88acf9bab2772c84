/** Why a run failed: a resource of its own beside the run, made afterwards under a lease. */
import { Hono } from 'hono';
import {
  createRedactor,
  EXPLANATION_LEASE_SECONDS,
  EXPLANATION_LIMIT_BYTES,
  type ExplainProgress,
  type Explanation,
  type ExplanationResult,
} from '../contract/index.ts';
import {
  askExplanation,
  cancelExplanation,
  type ExplanationRefusal,
  findExplanation,
  finishExplanation,
  leaseExplanation,
} from '../db/explanations.ts';
import { findRun } from '../db/runs.ts';
import { ApiError } from '../errors.ts';
import { parseJson, readBodyText } from '../request.ts';
import { resolveRunId } from '../runs/resolve-run.ts';
import { assertStorable } from '../runs/storable-text.ts';
import type { ServerEnv } from '../server-env.ts';
import type { Services } from '../services.ts';
import { validate } from '../validate.ts';
import { strictExplanationLease, strictExplanationRequest, strictExplanationResult } from './parameters.ts';

/** Whoever explains masks what it knows to be secret; what looks like a secret is masked here once more. */
const byForm = createRedactor([]);

export function explanationRoutes({ sql }: Services): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>();

  const stored = async (id: string): Promise<Explanation> => {
    const found = await findExplanation(sql, id);
    if (found === null) throw unasked(id);
    return found;
  };

  routes.get('/:runId/explanation', async (c) =>
    c.json(await stored(await resolveRunId(sql, c.req.param('runId')))),
  );

  routes.post('/:runId/explanation', async (c) => {
    const text = await readBodyText(c);
    const body = text.trim() === '' ? {} : parseJson(text);
    const { again } = validate(strictExplanationRequest, body, 'the body');
    const id = await resolveRunId(sql, c.req.param('runId'));
    if (!(await askExplanation(sql, id, again))) {
      const run = await findRun(sql, id);
      throw new ApiError(
        409,
        'invalid_request',
        `Run ${id} has no failure to explain: its status is ${run?.status ?? 'unknown'}. Only a run that ended FAIL has one.`,
      );
    }
    return c.json(await stored(id), 202);
  });

  routes.post('/:runId/explanation/lease', async (c) => {
    const lease = validate(strictExplanationLease, parseJson(await readBodyText(c)), 'the body');
    assertStorable(lease.progress, 'progress');
    const id = await resolveRunId(sql, c.req.param('runId'));
    const seconds = EXPLANATION_LEASE_SECONDS;
    const progress = maskProgress(lease.progress);
    const refused = await leaseExplanation(sql, id, { ...lease, progress }, seconds);
    if (refused !== null) throw notYours(id, refused);
    return c.json({ seconds });
  });

  routes.put('/:runId/explanation', async (c) => {
    const text = await readBodyText(c);
    refuseLarge(text);
    const { holder, result } = validate(strictExplanationResult, parseJson(text), 'the body');
    assertStorable(result, 'result');
    const id = await resolveRunId(sql, c.req.param('runId'));
    const refused = await finishExplanation(sql, id, holder, maskResult(result));
    if (refused !== null) throw notYours(id, refused);
    return c.json(await stored(id));
  });

  routes.delete('/:runId/explanation', async (c) => {
    const id = await resolveRunId(sql, c.req.param('runId'));
    if ((await cancelExplanation(sql, id)) === 'ready') {
      throw new ApiError(
        409,
        'invalid_request',
        `The explanation of run ${id} is ready; there is nothing to cancel.`,
      );
    }
    return c.json(await stored(id));
  });

  return routes;
}

function maskProgress(progress: ExplainProgress | null): ExplainProgress | null {
  return progress === null ? null : { ...progress, stage: byForm.text(progress.stage) };
}

function maskResult(result: ExplanationResult): { why: string | null; reason: string | null } {
  return result.state === 'ready'
    ? { why: byForm.text(JSON.stringify(result.why)), reason: null }
    : { why: null, reason: byForm.text(result.reason) };
}

function refuseLarge(text: string): void {
  if (Buffer.byteLength(text) <= EXPLANATION_LIMIT_BYTES) return;
  throw new ApiError(
    413,
    'too_large',
    `An explanation takes at most ${EXPLANATION_LIMIT_BYTES} bytes (1 MiB). Leave out steps that do not matter.`,
  );
}

function unasked(id: string): ApiError {
  return new ApiError(
    404,
    'not_found',
    `Nobody has asked why run ${id} failed. POST to the same path asks, and \`simcity explain\` does it.`,
  );
}

const WHY_REFUSED = {
  over: 'is over: it was cancelled, or answered by another. Stop working at it.',
  held: 'is worked at by another just now, until its lease lapses.',
};

function notYours(id: string, refused: ExplanationRefusal): ApiError {
  if (refused === 'unasked') return unasked(id);
  return new ApiError(409, 'lease_lost', `The explanation of run ${id} ${WHY_REFUSED[refused]}`);
}
