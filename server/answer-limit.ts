/** A request that changes something is answered in time, also while the database does not get it done. */
import type { MiddlewareHandler } from 'hono';
import { isLate, withinTime } from './contract/within-time.ts';
import type { StandbyWatch } from './db/standby.ts';
import { ApiError } from './errors.ts';
import type { Log } from './process-edge.ts';

/** Less than a harness waits for its answer. */
const ANSWER_WITHIN_MS = 12_000;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function answerInTime(standby: StandbyWatch, log: Log): MiddlewareHandler {
  return async (c, next) => {
    if (READS.has(c.req.method)) return next();
    try {
      return await withinTime(next(), ANSWER_WITHIN_MS);
    } catch (error) {
      if (!isLate(error)) throw error;
      throw new ApiError(503, 'unavailable', await whyLate(standby, log));
    }
  };
}

async function whyLate(standby: StandbyWatch, log: Log): Promise<string> {
  const isMissing = await withinTime(standby.isMissing(), 1_000).catch(() => false);
  log.warn(
    { withinMs: ANSWER_WITHIN_MS },
    isMissing
      ? 'commits wait for a synchronous standby that does not answer'
      : 'the database did not get a request done in time',
  );
  return isMissing
    ? 'The database waits for its synchronous standby, which does not answer: this may be stored, and is not acknowledged. Bring the standby back, or take it out of synchronous_standby_names; then try again.'
    : `The database did not get this done within ${ANSWER_WITHIN_MS / 1_000} s. Try again in a moment.`;
}
