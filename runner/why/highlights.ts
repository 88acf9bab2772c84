/** Which requests and statements carry the failure, and what stands beside them. */
import type { WhyKind } from '../../server/contract/index.ts';
import type { WatchedStatement } from '../targets/statements.ts';
import { commitOf } from './candidates.ts';
import type { Changes } from './changes.ts';
import type { Cause, Findings, Pair, RecordedRequest, Recording } from './findings.ts';
import type { Highlights } from './story.ts';
import { allowedInstead, tallyOf } from './tally.ts';
import { actShown } from './words.ts';

interface Marked {
  readonly roles: Map<RecordedRequest, 'accused' | 'partner'>;
  readonly marks: Map<number, string>;
  readonly matters: Set<number>;
}

interface Known {
  readonly pair: Pair | null;
  readonly cause: Cause | null;
  readonly carrying: readonly RecordedRequest[] | null;
}

export function highlightsOf(
  found: Findings,
  kind: WhyKind,
  { pair, cause, carrying }: Known,
  recording: Recording,
  changes: Changes,
): Highlights {
  const marked: Marked = { roles: new Map(), marks: new Map(cause?.marks ?? []), matters: new Set() };
  if (pair) markPair(marked, pair, found, kind, changes);
  else if (cause) markCause(marked, cause, recording, changes);
  else markUnknown(marked, carrying, found, recording, changes);
  for (const id of marked.marks.keys()) marked.matters.add(id);
  return { ...marked, allowed: allowedOf(recording, marked.roles) };
}

function show({ marks, matters }: Marked, statement: WatchedStatement | null, mark: string): void {
  if (statement === null) return;
  matters.add(statement.id);
  if (mark !== '' && !marks.has(statement.id)) marks.set(statement.id, mark);
}

function markPair(marked: Marked, pair: Pair, found: Findings, kind: WhyKind, changes: Changes): void {
  const { stale, writer, write } = pair;
  const acts = actShown(pair, { recording: found.recording, changes });
  const { roles } = marked;
  const { recording, accused } = found;
  roles.set(writer, 'partner');
  roles.set(stale.request, 'accused');
  // What was kept outside of the database was told to somebody else.
  if (kind === 'cache-race' && accused && !roles.has(accused)) roles.set(accused, 'partner');
  for (const commit of stale.commits) {
    if (commit.request && !roles.has(commit.request)) roles.set(commit.request, 'partner');
    show(marked, commit.statement, '');
  }
  show(marked, stale.read, changes.missed(changes.seenBy(stale.read, stale.commits)) || 'is stale');
  const did =
    kind === 'torn-write'
      ? changes.mark(changes.by(commitOf(write, recording), write.text))
      : changes.mark(changes.seenBy(stale.read, stale.commits.slice(-1)));
  show(marked, write, did || 'changes what was read');
  if (acts === null) return;
  const own = changes.by(commitOf(acts, recording), acts.text);
  const adds = own.some(({ before }) => before === null);
  const tally = adds ? tallyOf(recording.forensic) : null;
  show(marked, acts, tally ?? (changes.mark(own) || (acts.count === 0 ? 'changes no row' : 'acts on it')));
}

function markCause(marked: Marked, cause: Cause, recording: Recording, changes: Changes): void {
  const { request, read, write } = cause;
  marked.roles.set(request, 'accused');
  show(marked, read, 'looks wrongly');
  show(marked, write, write ? changes.mark(changes.by(commitOf(write, recording), write.text)) : '');
}

/** The answers that cannot be true together, and the last commit before it showed. */
function markUnknown(
  marked: Marked,
  carrying: readonly RecordedRequest[] | null,
  { accused }: Findings,
  recording: Recording,
  changes: Changes,
): void {
  const last = recording.commits.findLast((each) => each.changes === null || each.changes.length > 0);
  if (last) show(marked, last.statement, changes.mark(changes.by(last)));
  for (const request of carrying ?? []) marked.roles.set(request, 'partner');
  if (accused) marked.roles.set(accused, 'accused');
}

/** What the answer that the failure is named after should have been, where one of those that matter gave it. */
function allowedOf(
  { forensic }: Recording,
  roles: ReadonlyMap<RecordedRequest, unknown>,
): Highlights['allowed'] {
  const instead = allowedInstead(forensic);
  const op = forensic.operation?.['op'];
  const request = [...roles.keys()].find((each) => each.op === op);
  return request && instead ? { request, instead } : null;
}
