/** Which request depends on which, by what each commit changed in the answers of reads and in the rows of the tables. */
import type { WatchedStatement } from '../targets/statements.ts';
import type { Commit, Dependency, Recording, RowChange, StaleRead } from './findings.ts';
import { answerOf, isRead, type Probes } from './probes.ts';

/** Reads that a commit of another request, before their own request's end, has made untrue. */
export function staleReadsOf(recording: Recording, probes: Probes): StaleRead[] {
  return recording.requests.flatMap((request) =>
    request.statements.flatMap((read): StaleRead[] => {
      if (!isRead(read) || read.error !== null || read.sentAt === null) return [];
      const end = recording.leftAfter.get(request.op) ?? recording.commits.length;
      const commits = recording.commits.filter(
        (commit) => commit.index < end && isAfter(read, commit, probes) && changes(read, commit, probes),
      );
      const others = commits.filter((commit) => commit.request !== request && commit.request !== null);
      const [first] = others;
      if (!first || !sawBefore(read, first, request.statements, probes)) return [];
      return [{ request, read, commits: others }];
    }),
  );
}

/** The commit came when the read had its snapshot. One that it waited for counts when its answer is not the one after it. */
function isAfter(read: WatchedStatement, commit: Commit, probes: Probes): boolean {
  if (commit.at > (read.settledAt ?? Number.POSITIVE_INFINITY)) return true;
  return commit.at > (read.sentAt ?? 0) && probes.at(read, commit.index + 1) !== answerOf(read.rows);
}

function changes(read: WatchedStatement, { index }: Commit, probes: Probes): boolean {
  const [before, after] = [probes.at(read, index), probes.at(read, index + 1)];
  return before !== null && after !== null && before !== after;
}

/** Its answer is the one from before the commit; of a read that waited, or after writes of its own, that cannot be said. */
function sawBefore(
  read: WatchedStatement,
  { index }: Commit,
  own: readonly WatchedStatement[],
  probes: Probes,
): boolean {
  if (probes.at(read, index) === answerOf(read.rows)) return true;
  if (read.waitedFor.length > 0 || read.takenBack > 0) return true;
  return own.some((each) => each.id < read.id && each.transaction === read.transaction && isWrite(each));
}

export function isWrite({ kind, tag, text }: WatchedStatement): boolean {
  if (kind !== 'statement') return false;
  if (tag !== null && /^(?:INSERT|UPDATE|DELETE|MERGE)$/.test(tag)) return true;
  return /\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into)\b/i.test(text);
}

/** All of them, also of readers that had ended. */
export function dependenciesOf(recording: Recording, probes: Probes): Dependency[] {
  const found: Dependency[] = [];
  for (const request of recording.requests) {
    for (const read of request.statements) {
      if (!isRead(read) || read.error !== null || read.sentAt === null) continue;
      for (const commit of recording.commits) {
        const other = commit.request;
        if (other === null || other === request || !changes(read, commit, probes)) continue;
        const isPhantom = comesOrGoes(commit.changes ?? [], read);
        if (isAfter(read, commit, probes))
          found.push({ kind: 'rw', from: request, to: other, fromStatement: read, toStatement: commit.statement, isPhantom });
        else if (commit.at < read.sentAt)
          found.push({ kind: 'wr', from: other, to: request, fromStatement: commit.statement, toStatement: read, isPhantom });
      }
    }
  }
  for (const one of recording.commits) {
    for (const other of recording.commits.slice(one.index + 1)) {
      if (!one.request || !other.request || one.request === other.request) continue;
      if (sharedRows(one, other).length === 0) continue;
      const [fromStatement, toStatement] = [one.statement, other.statement];
      found.push({ kind: 'ww', from: one.request, to: other.request, fromStatement, toStatement, isPhantom: false });
    }
  }
  return found;
}

/** Rows that both have changed in the same columns; `text`: only columns that it names. */
export function sharedRows(one: Commit, other: Commit, text: string | null = null): RowChange[] {
  return (other.changes ?? []).filter((change) =>
    (one.changes ?? []).some(
      ({ table, key, columns }) =>
        table === change.table &&
        key === change.key &&
        columns.some((name) => change.columns.includes(name) && (text === null || names(text, name))),
    ),
  );
}

/** Rows of a table that the text names came or went. */
export function comesOrGoes(changed: readonly RowChange[], { text }: WatchedStatement): boolean {
  return changed.some(({ table, before, after }) => names(text, table) && (before === null || after === null));
}

export function names(text: string, word: string): boolean {
  return new RegExp(`(?<!\\w)${word.replace(/[^\w]/g, '\\$&')}(?!\\w)`, 'i').test(text);
}
