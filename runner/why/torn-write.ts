/**
 * A change that is committed in parts: whoever comes in between finds the half of it. Told where it passes when they begin only
 * after all of it.
 */
import { Effects } from './effects.ts';
import type {
  Commit,
  Findings,
  Laboratory,
  Pair,
  RecordedRequest,
  Recording,
  StaleRead,
} from './findings.ts';
import { After } from './request-turn.ts';
import { writeOf } from './transactions.ts';
import { passesInOrder } from './turn.ts';

/** Pairs that are tried, at most. */
const MOST_TRIED = 8;

/** Requests that came in between, those first that the failure is named after; the first that passes once they come later. */
export async function tornWriteIn(found: Findings, lab: Laboratory): Promise<Pair | null> {
  const { recording, accused, serial } = found;
  if (serial.verdict !== 'passes') return null;
  const pairs = pairsIn(recording).sort((a, b) => rank(b, accused) - rank(a, accused));
  for (const [i, pair] of pairs.slice(0, MOST_TRIED).entries()) {
    if (lab.spent) return null;
    lab.stage(`letting requests come after all parts of a change, try ${i + 1}`);
    const guide = new After({ later: pair.stale.request, earlier: pair.writer }, recording);
    const { fails } = await lab.run({ guide, order: guide.order, judge: passesInOrder });
    if (fails === 'no') return pair;
  }
  return null;
}

/** The part of the writer's change that the reader found there, of rows and columns that are changed again after it; null: none. */
export function partSeen({ request, read, commits }: StaleRead, recording: Recording): Commit | null {
  const effects = new Effects(recording);
  const last = commits.at(-1) as Commit;
  if (last.request === null || last.request.n === request.n) return null;
  const again = effects.by(last);
  return (
    recording.commits.findLast(
      (commit) =>
        commit.request === last.request &&
        commit.at < (read.sentAt ?? 0) &&
        effects
          .by(commit)
          .some(({ table, key, columns }) =>
            again.some(
              (other) =>
                other.table === table &&
                other.key === key &&
                other.columns.some((name) => columns.includes(name)),
            ),
          ),
    ) ?? null
  );
}

/** The statement that made what the commit changed. */
export function writeIn(commit: Commit, recording: Recording) {
  const [effect] = new Effects(recording).by(commit);
  return effect ? writeOf(commit, effect.table, effect.columns) : commit.statement;
}

/** What is shown as the write was committed before the read. */
export function isTorn({ stale, write }: Pair, recording: Recording): boolean {
  const commit = recording.commits.find(
    ({ statement, request }) =>
      request === stale.commits.at(-1)?.request &&
      (statement === write || (write.transaction !== null && statement.transaction === write.transaction)),
  );
  return commit !== undefined && commit.at < (stale.read.sentAt ?? 0);
}

function rank({ stale, writer }: Pair, accused: RecordedRequest | null): number {
  return stale.request === accused ? 2 : writer === accused ? 1 : 0;
}

/** For each request that commits in parts, the others' first statements in between. */
function pairsIn(recording: Recording): Pair[] {
  const effects = new Effects(recording);
  return recording.requests.flatMap((writer) => {
    const parts = recording.commits.filter(
      (commit) => commit.request === writer && effects.by(commit).length > 0,
    );
    const [first, ...later] = parts;
    if (!first || later.length === 0) return [];
    return recording.requests.flatMap((request): Pair[] => {
      if (request.n === writer.n) return [];
      const read = request.statements.find(
        ({ kind, sentAt }) => kind === 'statement' && (sentAt ?? 0) > first.at,
      );
      const commits = later.filter(({ at }) => at > (read?.sentAt ?? Number.POSITIVE_INFINITY));
      const seen = parts.findLast(({ at }) => at < (read?.sentAt ?? 0));
      if (!read || !seen || commits.length === 0) return [];
      const stale = { request, read, commits };
      return [{ stale, writer, write: writeIn(seen, recording), acts: null }];
    });
  });
}
