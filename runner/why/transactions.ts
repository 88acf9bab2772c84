/** The transactions of a request, as its statements show them. */
import type { WatchedStatement } from '../targets/statements.ts';
import { isWrite, names } from './dependencies.ts';
import type { Commit, RecordedRequest } from './findings.ts';

/** One transaction, or a statement outside of any. */
export interface Transaction {
  readonly statements: readonly WatchedStatement[];
  /** SQLSTATE that ended it; null: none did. */
  readonly error: string | null;
  /** What it would have changed, had it come to its end: statements that say that they changed rows. */
  readonly writes: readonly WatchedStatement[];
}

export function transactionsOf({ statements }: Pick<RecordedRequest, 'statements'>): Transaction[] {
  const groups = new Map<number | WatchedStatement, WatchedStatement[]>();
  for (const statement of statements) {
    const of = statement.transaction ?? statement;
    const group = groups.get(of);
    if (group) group.push(statement);
    else groups.set(of, [statement]);
  }
  return [...groups.values()].map((group) => ({
    statements: group,
    error: group.findLast(({ error }) => error !== null)?.error ?? null,
    writes: group.filter(hasWritten),
  }));
}

/** Statements of the transaction that this commit ended. */
export function statementsOf(commit: Commit): readonly WatchedStatement[] {
  const { request, statement } = commit;
  if (!request || statement.transaction === null) return [statement];
  return request.statements.filter(({ transaction }) => transaction === statement.transaction);
}

/** The statement that most likely made the change to this table: the last that wrote, of those that name it. */
export function writeOf(commit: Commit, table: string, columns: readonly string[] = []): WatchedStatement {
  const writes = statementsOf(commit).filter(hasWritten);
  const named = writes.filter(({ text }) => names(text, table));
  const exact = named.filter(({ text }) => columns.some((column) => names(text, column)));
  return exact.at(-1) ?? named.at(-1) ?? writes.at(-1) ?? commit.statement;
}

/** It is a write, and changed rows. */
export function hasWritten(statement: WatchedStatement): boolean {
  return isWrite(statement) && Boolean(statement.count);
}

/** The same text with the same values. */
export function isSameStatement(a: WatchedStatement, b: WatchedStatement): boolean {
  return a.text === b.text && JSON.stringify(a.values) === JSON.stringify(b.values);
}
