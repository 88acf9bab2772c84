/** Which kind of interleaving a pair is, and the statements of it that are shown. */
import type { WhyKind } from '../../server/contract/index.ts';
import type { WatchedStatement } from '../targets/statements.ts';
import { actOf, commitOf } from './candidates.ts';
import { isWrite, names, sharedRows } from './dependencies.ts';
import type { Commit, Pair, Recording, StaleRead } from './findings.ts';
import { isRead } from './probes.ts';
import { isTorn, partSeen, writeIn } from './torn-write.ts';

export function pairOf(stale: StaleRead, recording: Recording): Pair | null {
  const last = stale.commits.at(-1) as Commit;
  if (!last.request) return null;
  const acts = actOf(stale, recording);
  const seen = partSeen(stale, recording);
  const write = seen ? writeIn(seen, recording) : shownWrite(last, stale.read, acts, recording);
  return { stale, writer: last.request, write, acts };
}

/** The write in the commit's transaction that changed what was read: above all what the reader then writes over. */
function shownWrite(
  commit: Commit,
  read: WatchedStatement,
  acts: WatchedStatement | null,
  recording: Recording,
): WatchedStatement {
  const { statement } = commit;
  const writes = recording.statements.filter(
    (each) =>
      isWrite(each) &&
      each.error === null &&
      each.count !== 0 &&
      (statement.transaction === null
        ? each.id === statement.id
        : each.transaction === statement.transaction),
  );
  const changed = (commit.changes ?? []).filter(({ table }) => names(read.text, table));
  const exact = writes.filter(({ text }) =>
    changed.some(
      ({ table, before, after, columns }) =>
        names(text, table) &&
        (before === null ||
          after === null ||
          columns.some((name) => names(text, name) && names(read.text, name))),
    ),
  );
  const near = writes.filter(({ text }) => changed.some(({ table }) => names(text, table)));
  const own = acts && commitOf(acts, recording);
  const shared = own ? sharedRows(commit, own, read.text) : [];
  const over = writes.filter(({ text }) =>
    shared.some(({ table, columns }) => names(text, table) && columns.some((name) => names(text, name))),
  );
  return over.at(-1) ?? exact.at(-1) ?? near.at(-1) ?? writes.at(-1) ?? statement;
}

/** The pair passes when it is turned round, so it is of interleaving; its shape says of which kind. */
export function interleavingKind(pair: Pair, recording: Recording): WhyKind {
  const { stale, writer, acts } = pair;
  const { request, read, commits } = stale;
  if (isTorn(pair, recording)) return 'torn-write';
  if (isRepeat(request, writer)) return 'repeat-race';
  const waited = read.waitedFor.length > 0 || read.takenBack > 0;
  const isOld = waited && commits.some(({ at }) => at < (read.settledAt ?? 0));
  if (isOld) return 'old-snapshot';
  if (acts === null) {
    const again = request.statements.some(
      (each) => each.id !== read.id && isRead(each) && (each.sentAt ?? 0) > (commits[0] as Commit).at,
    );
    return again ? 'read-skew' : 'stale-check';
  }
  if (unlocksBefore(request.statements, acts, recording) || unlocksBefore(writer.statements, null, recording))
    return 'early-release';
  if (read.transaction === null || acts.transaction !== read.transaction) return 'split-check';
  return overwrites(stale, acts, recording) ? 'lost-update' : 'stale-check';
}

function isRepeat(one: Pair['writer'], other: Pair['writer']): boolean {
  return (
    one.n === other.n ||
    (one.actor === other.actor && JSON.stringify(one.call) === JSON.stringify(other.call))
  );
}

/** The reader's write goes over the very row and column of the other's that it had read. */
export function overwrites(
  { read, commits }: StaleRead,
  acts: WatchedStatement,
  recording: Recording,
): boolean {
  const own = commitOf(acts, recording);
  if (!own) return false;
  return commits.some((commit) => sharedRows(commit, own, read.text).length > 0);
}

/** A lock is let go before what it guards is committed. */
function unlocksBefore(
  statements: readonly WatchedStatement[],
  acts: WatchedStatement | null,
  recording: Recording,
): boolean {
  const unlock = statements.find(({ text }) => /pg_advisory_unlock/i.test(text));
  if (!unlock) return false;
  const write = acts ?? statements.find(isWrite);
  const commit = write && commitOf(write, recording);
  return commit !== undefined && commit !== null && (unlock.settledAt ?? 0) < commit.at;
}
