/** Finds the run that people mean: by its id, by an unambiguous prefix of it, or by `latest`. */

import type { Sql } from '../db/client.ts';
import { findTombstones } from '../db/retention.ts';
import { findIds, newestId } from '../db/runs.ts';
import { ApiError, pruned } from '../errors.ts';
import { idRange } from './run-id.ts';

const NAMED_MATCHES = 5;

/** @throws ApiError `not_found`, `pruned` for one that was removed, or `ambiguous_run` naming the runs that begin so. */
export async function resolveRunId(sql: Sql, given: string): Promise<string> {
  if (given === 'latest') {
    const newest = await newestId(sql);
    if (newest) return newest;
    throw new ApiError(404, 'not_found', 'There is no run yet, so none is the latest. Launch one first.');
  }
  const range = idRange(given);
  if (!range) {
    throw new ApiError(
      404,
      'not_found',
      `${JSON.stringify(given.slice(0, 100))} is no run: give an id, the first characters of one, or latest.`,
    );
  }
  const matches = await findIds(sql, range.low, range.high, NAMED_MATCHES + 1);
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  if (only === undefined) {
    const tombstones = await findTombstones(sql, range.low, range.high, 2);
    if (tombstones[0] && tombstones.length === 1) throw pruned(tombstones[0].id, tombstones[0].prunedAt);
    throw new ApiError(
      404,
      'not_found',
      `There is no run ${given}. GET /api/ops/simcity/runs lists those there are.`,
    );
  }
  const named = matches.slice(0, NAMED_MATCHES).join(', ');
  const more = matches.length > NAMED_MATCHES ? ' and more' : '';
  throw new ApiError(
    409,
    'ambiguous_run',
    `${given} is the beginning of ${named}${more}. Give more of the id.`,
  );
}
