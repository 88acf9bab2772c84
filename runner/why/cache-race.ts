/** An answer that no statement of its request gave: a value kept outside of the database, filled before a change that it outlived. */
import { commitOf } from './candidates.ts';
import { isWrite } from './dependencies.ts';
import type { Findings, Pair } from './findings.ts';
import { pairOf } from './interleaving.ts';

/** Null: the accused asked the database, or nothing older can have been kept. */
export function cacheRaceIn(found: Findings): Pair | null {
  const { accused, recording, dependencies, serial } = found;
  if (!accused || accused.statements.length > 0 || serial.verdict !== 'passes') return null;
  const filled = dependencies.filter(
    ({ kind, from, fromStatement }) =>
      kind === 'rw' &&
      from !== accused &&
      from.invokedEvent < accused.invokedEvent &&
      from.call.operation === accused.call.operation &&
      !isWrite(fromStatement),
  );
  const last = filled.at(-1);
  const commit = last && commitOf(last.toStatement, recording);
  if (!last || !commit) return null;
  return pairOf({ request: last.from, read: last.fromStatement, commits: [commit] }, recording);
}
