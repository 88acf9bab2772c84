/** The steps of the house over PostgreSQL that a known bug replaces. */

import { rangeOf } from '../../../server/contract/zone.ts';
import type { SqlClient } from '../../public.ts';
import type { Range, Resource, Span } from './calls.ts';

export interface SqlSteps {
  /** SQL after the tables: what a wrong service has otherwise in them. */
  readonly schema: string;
  rangeOf(zone: string, span: Span): Range;
  /** The time that has to be free for a booking. */
  needed(range: Range, buffer: number): Range;
  /** What of the ends of a range belongs to it. */
  readonly bounds: '[)' | '[]';
  /** Reads the resources; from here to the end of the transaction nobody else may change what is booked there. */
  takeResources(sql: SqlClient, ids: readonly string[]): Promise<Resource[]>;
  /** Whether a booking that moves is away, for everybody, before its new place is looked for. */
  readonly freesFirst: boolean;
  /** Whether what is free is read from a cache, which a change empties before it begins. */
  readonly cachesFree: boolean;
  /** Whether a series is one transaction. */
  readonly isSeriesWhole: boolean;
}

export const rightSqlSteps: SqlSteps = {
  schema: '',
  rangeOf: (zone, { from, to }) => rangeOf(zone, from, to),
  needed: ({ from, to }, buffer) => ({ from: from - buffer, to: to + buffer }),
  bounds: '[)',
  // Writing the rows, not only locking them, makes the later snapshot of a repeatable-read or serializable transaction
  // fail. Always in the same order, so that two requests never wait for each other.
  async takeResources(sql, ids) {
    const resources: Resource[] = [];
    for (const id of [...new Set(ids)].sort()) {
      resources.push(
        ...(await sql<Resource>`
          update resources set version = version + 1 where id = ${id} returning id, units, buffer`),
      );
    }
    return resources;
  },
  freesFirst: false,
  cachesFree: false,
  isSeriesWhole: true,
};
