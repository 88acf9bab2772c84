/** The standard name of an anomaly (Adya, Liskov & O'Neil 2000; Berenson et al. 1995), where its cycle is complete. */
import type { Dependency, Findings, Pair } from './findings.ts';
import { overwrites } from './interleaving.ts';

/** Null: the dependencies close no cycle of two transactions, so only words are right. */
export function anomalyName({ stale, writer, acts }: Pair, found: Findings): string | null {
  const { request, read } = stale;
  // A cycle is one of transactions: what is read and written in two of them has none.
  if (read.transaction === null) return null;
  if (acts !== null && acts.transaction !== read.transaction) return null;
  const inOne = (statement: { transaction: number | null }) => statement.transaction === read.transaction;
  const between = found.dependencies.filter(({ from, to }) => pairs(from, to, writer, request));
  const forth = between.filter(({ kind, fromStatement }) => kind === 'rw' && inOne(fromStatement));
  const back = found.dependencies.filter(
    ({ from, to, toStatement }) => from === writer && to === request && inOne(toStatement),
  );
  const direct = forth.filter(({ from }) => from === request);
  if (direct.length === 0 || back.length === 0) return null;
  const isPhantom = direct.some((each) => each.fromStatement === read && each.isPhantom);
  if (acts && back.some(({ kind }) => kind === 'ww') && overwrites(stale, acts, found.recording))
    return 'P4, lost update';
  if (back.some(({ kind }) => kind === 'wr') && acts === null) return 'A5A, read skew';
  if (back.some(({ kind }) => kind === 'rw')) return isPhantom ? 'G2, phantom' : 'G2-item';
  // Rows that both merely touch (a version that every write counts up) close no cycle that says anything.
  return back.some(({ kind }) => kind === 'wr') ? 'G-single' : null;
}

function pairs(
  from: Dependency['from'],
  to: Dependency['to'],
  one: Dependency['from'],
  other: Dependency['from'],
): boolean {
  return (from === one && to === other) || (from === other && to === one);
}
