/** Finds the run that people mean: by its number, its id, the beginning or the end of that, or by `latest`. */

import type { Sql } from '../db/client.ts';
import { findTombstones, tombstoneOfNumber } from '../db/retention.ts';
import { findIds, findIdsByTail, idOfNumber, newestId } from '../db/runs.ts';
import { ApiError, pruned } from '../errors.ts';
import { idEnds, idRange } from './run-id.ts';

const NAMED_MATCHES = 5;
/** Ids of our times begin with a zero, so a number is rarely the beginning of one. */
const NUMBER = /^#?([1-9]\d{0,14})$/;

/**
 * What names a run in two ways is taken as its number first, then as the beginning of its id, then as its end.
 * @throws ApiError `not_found`, `pruned` for one that was removed, or `ambiguous_run` naming the runs it could be.
 */
export async function resolveRunId(sql: Sql, given: string): Promise<string> {
  if (given === 'latest') {
    const newest = await newestId(sql);
    if (newest) return newest;
    throw new ApiError(404, 'not_found', 'There is no run yet, so none is the latest. Launch one first.');
  }
  return (
    (await byNumber(sql, given)) ??
    (await byBeginning(sql, given)) ??
    (await byEnds(sql, given)) ??
    refuse(given)
  );
}

async function byNumber(sql: Sql, given: string): Promise<string | null> {
  const digits = NUMBER.exec(given)?.[1];
  if (digits === undefined) return null;
  const id = await idOfNumber(sql, Number(digits));
  if (id !== null) return id;
  const tombstone = await tombstoneOfNumber(sql, Number(digits));
  if (tombstone !== null) throw pruned(`#${digits} (${tombstone.id})`, tombstone.prunedAt);
  return null;
}

async function byBeginning(sql: Sql, given: string): Promise<string | null> {
  const range = idRange(given);
  if (range === null) return null;
  const only = onlyOne(given, 'beginning', await findIds(sql, range.low, range.high, NAMED_MATCHES + 1));
  if (only !== null) return only;
  const tombstones = await findTombstones(sql, range.low, range.high, 2);
  if (tombstones[0] && tombstones.length === 1) throw pruned(tombstones[0].id, tombstones[0].prunedAt);
  return null;
}

async function byEnds(sql: Sql, given: string): Promise<string | null> {
  const ends = idEnds(given);
  if (ends === null) return null;
  return onlyOne(given, 'end', await findIdsByTail(sql, ends.head, ends.tail, NAMED_MATCHES + 1));
}

/** @throws ApiError when there is more than one. */
function onlyOne(given: string, part: 'beginning' | 'end', matches: readonly string[]): string | null {
  if (matches.length < 2) return matches[0] ?? null;
  const named = matches.slice(0, NAMED_MATCHES).join(', ');
  const more = matches.length > NAMED_MATCHES ? ' and more' : '';
  throw new ApiError(
    409,
    'ambiguous_run',
    `${given} is the ${part} of ${named}${more}. Give more of the id, or its number.`,
  );
}

function refuse(given: string): never {
  const isName = NUMBER.test(given) || idRange(given) !== null || idEnds(given) !== null;
  throw new ApiError(
    404,
    'not_found',
    isName
      ? `There is no run ${given}. GET /api/ops/simcity/runs lists those there are.`
      : `${JSON.stringify(given.slice(0, 100))} is no run: give its number, its id, the first or last characters of that, or latest.`,
  );
}
