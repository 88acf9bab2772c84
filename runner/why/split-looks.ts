/**
 * Looks in one transaction on which another one acts, with others' commits in between: where the time made them untrue, no
 * answer of theirs changed.
 */
import { Effects } from './effects.ts';
import type { RecordedRequest, Recording, StaleRead } from './findings.ts';
import { isRead } from './probes.ts';

/** The last look of each transaction that is followed by one with an effect; tried as what is stale is. */
export function splitLooks(recording: Recording, accused: RecordedRequest | null): StaleRead[] {
  const effects = new Effects(recording);
  const looks = recording.requests.flatMap((request) => {
    const acts = recording.commits.findLast(
      (commit) => commit.request === request && effects.by(commit).length > 0,
    );
    const read = request.statements.findLast(
      (each) =>
        isRead(each) &&
        each.error === null &&
        each.transaction !== null &&
        each.transaction !== acts?.statement.transaction &&
        (each.settledAt ?? Number.POSITIVE_INFINITY) < (acts?.at ?? 0),
    );
    if (!acts || !read) return [];
    const commits = recording.commits.filter(
      (commit) =>
        commit.request !== null &&
        commit.request.n !== request.n &&
        commit.at > (read.settledAt ?? 0) &&
        commit.at < acts.at &&
        effects.by(commit).length > 0,
    );
    return commits.length > 0 ? [{ request, read, commits }] : [];
  });
  return looks.sort((a, b) => Number(b.request === accused) - Number(a.request === accused));
}
