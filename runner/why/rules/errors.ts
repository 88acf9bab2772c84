/** Errors of the database, and what became of them: an answer, work that is done twice, an acknowledgement of nothing. */
import { CONNECTION_LOST, type WatchedStatement } from '../../targets/statements.ts';
import type { Cause, RecordedRequest } from '../findings.ts';
import { asked, numbered, told } from '../said.ts';
import { isSameStatement, statementsOf, transactionsOf, writeOf } from '../transactions.ts';
import type { Rule, Scene } from './rule.ts';

/** After these the same transaction may succeed when it is tried again. */
const TRY_AGAIN = new Set(['40001', '40P01', '55P03']);

/** An effect that was committed outside of the transaction that is tried again, once more each time. */
export const retryLeak: Rule = ({ suspects, recording }) => {
  for (const request of suspects) {
    const transactions = transactionsOf(request);
    const failed = transactions.filter(({ error }) => TRY_AGAIN.has(error ?? ''));
    if (failed.length === 0) continue;
    const kept = recording.commits.filter((commit) => commit.request?.key === request.key);
    const writes = kept.flatMap((commit) =>
      statementsOf(commit).filter((each) => transactionsOf({ statements: [each] })[0]?.writes.length),
    );
    const again = writes.find((write) =>
      writes.some(
        (before) =>
          before !== write &&
          isSameStatement(before, write) &&
          failed.some(({ statements }) => isBetween(statements, before, write)),
      ),
    );
    if (!again) continue;
    const times = writes.filter((write) => isSameStatement(write, again)).length;
    return {
      kind: 'retry-leak',
      request,
      read: null,
      write: again,
      sentence: `${asked(request)} committed one change ${numbered(times, 'time')}: it was tried again, and the change stands outside of the transaction that failed.`,
      conclusion: [
        `What was tried again failed with ${failed[0]?.error}; what was committed before it stayed.`,
      ],
      marks: new Map([[again.id, 'committed once more']]),
    };
  }
  return null;
};

/** It was answered that it is done, and its transaction never came to its end. */
export const lostAck: Rule = ({ suspects, effects }) => {
  for (const request of suspects) {
    if (request.outcome !== 'ok' || request.reply?.outcome !== 'ok' || effects.of(request).length > 0)
      continue;
    const last = transactionsOf(request).at(-1);
    const lost = last?.writes.at(-1);
    const end = last?.statements.at(-1);
    const isGone = last && (last.error !== null || end?.kind === 'rollback');
    if (!lost || !isGone) continue;
    return {
      kind: 'lost-ack',
      request,
      read: null,
      write: lost,
      sentence: `${asked(request)} was answered ok, and nothing of it was committed.`,
      conclusion: [
        last.error === null
          ? 'Its transaction was rolled back.'
          : `Its transaction ended with ${last.error} (SQLSTATE), and the answer did not change.`,
      ],
      marks: new Map([
        [lost.id, 'never committed'],
        ...(end && end !== lost ? [[end.id, 'answered ok all the same'] as const] : []),
      ]),
    };
  }
  return null;
};

/** An error was taken for an answer; or work that is done was answered with one. */
export const errorAsAnswer: Rule = (scene) => {
  const { accused, recording } = scene;
  // An error has no answer that a reader could be wrong about: the failure itself has to be about errors, or about this request.
  const isAboutErrors = recording.forensic.invariant.includes('errors');
  for (const request of isAboutErrors ? scene.suspects : [accused]) {
    const cause = request && (fromStatement(request) ?? (isAboutErrors ? afterCommit(request, scene) : null));
    if (cause) return cause;
  }
  return null;
};

function fromStatement(request: RecordedRequest): Cause | null {
  const { reply } = request;
  if (!reply || reply.outcome === 'ok') return null;
  const last = transactionsOf(request).at(-1);
  // What a crash cut off has had no error that anybody could answer with.
  const wrong = last?.statements.find(({ error }) => error !== null && error !== CONNECTION_LOST);
  if (!last || !wrong) return null;
  const after = last.statements.findLast(({ error }) => error === '25P02');
  return {
    kind: 'error-as-answer',
    request,
    read: null,
    write: wrong,
    sentence: `${asked(request)}: a statement ended with ${wrong.error} (SQLSTATE), and the request was answered "${told(reply)}".`,
    conclusion: after
      ? ['After an error PostgreSQL refuses every other statement of the transaction (25P02).']
      : [],
    marks: new Map([
      [wrong.id, wrong.error ?? ''],
      ...(after && after !== wrong ? [[after.id, 'refused: the transaction is given up'] as const] : []),
    ]),
  };
}

function afterCommit(request: RecordedRequest, { effects }: Scene): Cause | null {
  const [effect] = effects.of(request);
  if (request.reply?.outcome !== 'failed' || !effect || request.faults.length > 0) return null;
  const write = writeOf(effect.by, effect.table, effect.columns);
  return {
    kind: 'error-as-answer',
    request,
    read: null,
    write,
    sentence: `${asked(request)} was committed, and answered with an internal error all the same.`,
    conclusion: ['No statement of it failed: what went wrong comes after its commit.'],
    marks: new Map([[write.id, 'committed, answered with an error']]),
  };
}

function isBetween(
  statements: readonly WatchedStatement[],
  a: WatchedStatement,
  b: WatchedStatement,
): boolean {
  const [from, to] = a.id < b.id ? [a.id, b.id] : [b.id, a.id];
  return statements.some(({ id }) => id > from && id < to);
}
