/** Rows as they stand after commits, from what each of them changed. */
import type { Commit, Row } from './findings.ts';

export type Scalar = string | number | boolean | null;

/** A row that is there, as it is by now. */
export interface Stored {
  readonly table: string;
  readonly row: Row;
  /** The one that put it there. */
  readonly commit: Commit;
}

/** Those that these commits put there and that none of them took away. */
export function storedAfter(commits: readonly Commit[]): Stored[] {
  const stored = new Map<string, Stored>();
  for (const commit of commits) {
    for (const { table, key, after } of commit.changes ?? []) {
      const id = `${table} ${key}`;
      if (after === null) stored.delete(id);
      else stored.set(id, { table, row: after, commit: stored.get(id)?.commit ?? commit });
    }
  }
  return [...stored.values()];
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
