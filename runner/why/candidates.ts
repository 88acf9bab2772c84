/** Which stale read is tried first: the one that the failure is named after, and that acts on what it read. */
import type { WatchedStatement } from '../targets/statements.ts';
import { isWrite } from './dependencies.ts';
import type { Commit, RecordedRequest, Recording, StaleRead } from './findings.ts';

export const MOST_CANDIDATES = 8;

export function rankedCandidates(
  staleReads: readonly StaleRead[],
  recording: Recording,
  accused: RecordedRequest | null,
): StaleRead[] {
  const scored = staleReads
    .filter((stale) => !isOver(stale, recording))
    .map((stale) => ({ stale, score: scoreOf(stale, recording, accused) }));
  scored.sort((a, b) => b.score - a.score || (b.stale.read.sentAt ?? 0) - (a.stale.read.sentAt ?? 0));
  return scored.slice(0, MOST_CANDIDATES).map(({ stale }) => stale);
}

function scoreOf(stale: StaleRead, recording: Recording, accused: RecordedRequest | null): number {
  const { request, commits } = stale;
  let score = 0;
  if (request === accused) score += 8;
  else if (request.n === accused?.n) score += 4;
  if (commits.some((commit) => commit.request === accused)) score += 2;
  if (actOf(stale, recording)) score += 4;
  if (commits.some(({ changes }) => (changes?.length ?? 0) > 0)) score += 1;
  return score;
}

/** All that it did after its read was committed before that changed: nothing rests on what is true no more. */
function isOver(stale: StaleRead, recording: Recording): boolean {
  const acts = effectiveActs(stale, recording);
  const changedAt = (stale.commits[0] as Commit).at;
  return acts.length > 0 && acts.every((act) => (commitOf(act, recording)?.at ?? changedAt) < changedAt);
}

/** The write of the reader that comes after its read, and whose commit changed something where one did; null: its answer acts. */
export function actOf(
  stale: Pick<StaleRead, 'request' | 'read'>,
  recording: Recording,
): WatchedStatement | null {
  return effectiveActs(stale, recording)[0] ?? actsOf(stale)[0] ?? null;
}

function actsOf({ request, read }: Pick<StaleRead, 'request' | 'read'>): WatchedStatement[] {
  return request.statements.filter((each) => each.id > read.id && each.error === null && isWrite(each));
}

function effectiveActs(stale: Pick<StaleRead, 'request' | 'read'>, recording: Recording): WatchedStatement[] {
  return actsOf(stale).filter((each) => (commitOf(each, recording)?.changes?.length ?? 0) > 0);
}

/** The commit by which what a statement did became true; null: it did not. */
export function commitOf(statement: WatchedStatement, { commits }: Recording): Commit | null {
  return (
    commits.find(({ statement: commit }) =>
      statement.transaction === null
        ? commit.id === statement.id
        : commit.transaction === statement.transaction,
    ) ?? null
  );
}
