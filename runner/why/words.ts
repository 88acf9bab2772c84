/** The sentences of a why: what happened in the domain, its shape, and what was measured. */
import { laneName } from '../../server/contract/explained-story.ts';
import type { Cure, WhyKind } from '../../server/contract/index.ts';
import type { WatchedStatement } from '../targets/statements.ts';
import { commitOf } from './candidates.ts';
import type { Changes } from './changes.ts';
import type { Cause, Commit, Findings, Pair, RecordedRequest, Recording } from './findings.ts';
import { isRead } from './probes.ts';
import { asked } from './said.ts';
import type { Story } from './story.ts';
import { writeOf } from './transactions.ts';

/** What sentences are made of: the execution that is drawn, with its steps. */
export interface Told {
  readonly recording: Recording;
  readonly story: Story;
  readonly changes: Changes;
}

/** `book citizen-021`; with its lane where another request would be called the same. */
export function labelOf(request: RecordedRequest, { recording }: Pick<Told, 'recording'>): string {
  const plain = (each: RecordedRequest) => `${each.call.operation} ${each.actor}`;
  const isAmbiguous = recording.requests.some(
    (each) => each !== request && plain(each) === plain(request) && each.n !== request.n,
  );
  const isRepeat = request.attempt > 0 || request.isDuplicate;
  const lane = isAmbiguous || isRepeat ? ` (${laneName(request.index)})` : '';
  return `${isRepeat ? 'the repeat of ' : ''}${plain(request)}${lane}`;
}

/** One line: who read what, before which change was committed, and what came of it. */
export function pairSentence(pair: Pair, kind: WhyKind, accused: RecordedRequest | null, told: Told): string {
  const { request, read } = pair.stale;
  const reader = labelOf(request, told);
  const seen = readPhrase(pair, told);
  const before = beforePhrase(pair, told);
  const then = actPhrase(pair, told);
  if (kind === 'old-snapshot') {
    const [table = 'its data'] = tablesIn(pair, told);
    return `${reader} waited for a lock of ${labelOf(pair.writer, told)}${stepText(read, told)}, then saw ${table} as they were ${before}; ${then}`;
  }
  if (kind === 'read-skew') {
    const again = request.statements.find(
      (each) =>
        each.id > read.id && isRead(each) && (each.sentAt ?? 0) > (pair.stale.commits[0] as Commit).at,
    );
    const on = again ? `, and read on after it${stepText(again, told)}` : ', and read on after it';
    return `${reader} ${seen} ${before}${on}: its answer mixes the two`;
  }
  if (kind === 'torn-write')
    return `${reader} came${stepText(read, told)} between two commits of ${tornPhrase(pair, told)}`;
  if (kind === 'cache-race') {
    const who = accused ? labelOf(accused, told) : 'a later request';
    return `${reader} ${seen} ${before}; ${who} was then answered with that, true no more`;
  }
  return `${reader} ${seen} ${before}; ${then}`;
}

function stepText(statement: WatchedStatement | null, { story }: Told): string {
  const step = statement === null ? null : story.stepOf(statement);
  return step === null ? '' : ` (${step})`;
}

/** `counted bookings of slot-007 (8)`. */
function readPhrase({ stale }: Pair, told: Told): string {
  const { read, commits } = stale;
  const object = objectIn(stale, told.recording);
  const of = object === null ? '' : ` of ${object}`;
  return `${told.changes.read(read, told.changes.seenBy(read, commits))}${of}${stepText(read, told)}`;
}

/** `before book citizen-004, which added b-1 (7), had committed (9)`. */
function beforePhrase({ stale, writer, write }: Pair, told: Told): string {
  const last = stale.commits.at(-1) as Commit;
  const did = told.changes.done(
    told.changes.seenBy(stale.read, [last]),
    told.changes.columnRead(stale.read, stale.commits),
  );
  const at = stepText(write, told);
  const committed = stepText(last.statement, told);
  const others = stale.commits.length - 1;
  const also = others === 0 ? '' : `, and ${others === 1 ? 'one' : others} before it,`;
  const isSame = writer.n === stale.request.n ? ', the same request,' : '';
  const which =
    did === ''
      ? isSame === '' && also === ''
        ? ''
        : isSame
      : `${isSame || ','} which ${did}${at === committed ? '' : at},`;
  return `before ${labelOf(writer, told)}${also}${which} had committed${committed}`.replace(/,,/g, ',');
}

/** `move citizen-002: by then it had set b-1's active to false (3), and only after it set b-1's active to true (9)`. */
function tornPhrase({ stale, writer, write }: Pair, told: Told): string {
  const last = stale.commits.at(-1) as Commit;
  const before = told.changes.done(told.changes.by(commitOf(write, told.recording), write.text));
  const after = told.changes.done(told.changes.by(last));
  return `${labelOf(writer, told)}: by then it had ${before}${stepText(write, told)}, and only after it ${after}${stepText(last.statement, told)}`;
}

/** `it then added b-2 (10)`. */
function actPhrase(pair: Pair, told: Told): string {
  const acts = actShown(pair, told);
  if (acts === null) return 'it was answered by what it had read';
  const did = told.changes.done(told.changes.by(commitOf(acts, told.recording), acts.text));
  const at = stepText(acts, told);
  if (did !== '') return `it then ${did}${at}`;
  return acts.count === 0 ? `its write then changed no row${at}` : `it then wrote by what it had read${at}`;
}

/** Of the reader's transaction the write that changed what counts, where the first one only locks or counts up. */
export function actShown(
  { acts }: Pair,
  { recording, changes }: Pick<Told, 'recording' | 'changes'>,
): WatchedStatement | null {
  const commit = acts && commitOf(acts, recording);
  const [effect] = changes.by(commit);
  if (!acts || !commit || !effect) return acts;
  const write = writeOf(commit, effect.table, effect.columns);
  return write.id > acts.id && write.kind === 'statement' ? write : acts;
}

/** What both were asked about: the failure's object, else a value that the reader's statement and both calls have. */
export function objectIn({ request, read }: Pair['stale'], { forensic }: Recording): string | null {
  const values = Object.values(request.call).filter((value) => typeof value === 'string');
  const { object } = forensic;
  if (object !== null && (values.includes(object) || read.values.includes(object))) return object;
  return values.find((value) => value !== request.actor && read.values.includes(value)) ?? null;
}

function tablesIn({ stale }: Pair, { changes }: Told): string[] {
  return [...new Set(changes.seenBy(stale.read, stale.commits).map(({ table }) => table))];
}

const SHAPES: Partial<Record<WhyKind, string>> = {
  'stale-check': 'What it checked was no longer true when it acted on it',
  'lost-update': 'An update is lost: it wrote what it had computed from a value that had changed meanwhile',
  'split-check':
    'The check and the write that relies on it are in two transactions, so no isolation level keeps others out between them',
  'old-snapshot':
    'The statement that waited sees the locked row as it is now, and all else as it was when it began',
  'read-skew': 'Its reads lie on both sides of a commit',
  'torn-write': 'A change is committed in parts, so others find it half done, whatever the isolation level',
  'early-release': 'The lock is let go before what it guards is committed',
  'cache-race': 'A value that is kept outside of the database outlived what it was read from',
  'repeat-race': 'A request overlaps its own repeat, and neither sees the other',
};

/** The shape, what keeps nobody out, and what it needs. */
export function pairConclusion(pair: Pair, kind: WhyKind, found: Findings, told: Told): string[] {
  const { stale, acts } = pair;
  const isOne = acts !== null && acts.transaction === stale.read.transaction && acts.transaction !== null;
  const where =
    acts === null || ['split-check', 'old-snapshot', 'torn-write'].includes(kind)
      ? ''
      : ` Read and write are in ${isOne ? 'one transaction' : 'two transactions'}.`;
  const shape = SHAPES[kind] ? `${SHAPES[kind]}.${where}` : where.trim();
  return [shape, [unlocked(pair, kind, told), needs(found)].filter(Boolean).join(' ')].filter(Boolean);
}

const LOCKS =
  /\bfor\s+(?:no\s+key\s+)?(?:key\s+)?(?:update|share)\b|\bpg_(?:try_)?advisory_|^\s*lock\s+table\b/i;

/** `Nothing locks slot-007 between 3 and 8.`: from the read to the first statement after it that locks, or to the write. */
function unlocked(pair: Pair, kind: WhyKind, told: Told): string {
  const { stale } = pair;
  const acts = actShown(pair, told);
  if (acts === null || ['old-snapshot', 'early-release', 'torn-write'].includes(kind)) return '';
  const { request, read } = stale;
  const end = request.statements.find(({ id, text }) => id > read.id && (id >= acts.id || LOCKS.test(text)));
  const [from, to] = [told.story.stepOf(read), told.story.stepOf(end ?? acts)];
  if (from === null || to === null) return '';
  return `Nothing locks ${objectIn(stale, told.recording) ?? 'what was read'} between ${from} and ${to}.`;
}

/** Known from the smallest reproduction: what it has left. */
export function needs({ recording }: Findings): string {
  const { struck } = recording.trace;
  const faults =
    struck.length === 0
      ? 'no fault'
      : `${struck.length === 1 ? 'the fault' : 'the faults'} ${struck.join(', ')}`;
  const repeats = recording.requests.some(({ attempt, isDuplicate }) => attempt > 0 || isDuplicate);
  return `Needs ${faults}, ${repeats ? 'a repeat' : 'no repeat'}.`;
}

/** `(8 of 8, 719 retries)`. */
function countWords({ passes, of, otherwise, retries }: Cure): string {
  const told = [
    `${passes} of ${of}`,
    ...(otherwise > 0 ? [`${otherwise} otherwise`] : []),
    ...(retries ? [retries === 1 ? '1 retry' : `${retries} retries`] : []),
  ];
  return `(${told.join(', ')})`;
}

function cureWords(cure: Cure, turn: string | null): string {
  const words: Partial<Record<Cure['kind'], string>> = {
    turn: turn ?? cure.what,
    isolation: `at ${cure.what}`,
    serial: cure.what === 'one request after another' ? 'one after another' : `in ${cure.what}`,
    'right-service': 'in the right service in the same order',
  };
  return `${words[cure.kind] ?? cure.what} ${countWords(cure)}`;
}

/** What was measured, in two sentences at most; `turn`: what was turned round, by its steps. Spans are for suggestions. */
export function measured(cures: readonly Cure[], turn: string | null): string[] {
  const tried = cures.filter(({ kind, of }) => kind !== 'span' && of > 0);
  const passing = tried.filter(({ passes, of }) => passes === of);
  const failing = tried.filter(({ passes, of }) => passes < of);
  const list = (of: readonly Cure[]) => of.map((cure) => cureWords(cure, turn)).join('; ');
  const lines = [
    ...(passing.length > 0 ? [`Passes ${list(passing)}.`] : []),
    ...(failing.length > 0 ? [`Does not pass ${list(failing)}.`] : []),
  ];
  return lines.length === 0 ? [] : [lines.join(' ')];
}

/** `if 5 comes after 8`; with both that were turned round, `if 5 comes after 8, and 3 after 6`. */
export function turnWords({ stale, also }: Pair, { story }: Told): string | null {
  const steps = ({ read, commits }: Pair['stale']) => [
    story.stepOf(read),
    story.stepOf((commits.at(-1) as Commit).statement),
  ];
  const [[read, commit], [otherRead, otherCommit]] = [steps(stale), also ? steps(also) : []];
  if (read === null || commit === null) return null;
  return `if ${read} comes after ${commit}${otherRead && otherCommit ? `, and ${otherRead} after ${otherCommit}` : ''}`;
}

/** The cause's own sentence, with the steps that it is about. */
export function causeSentence({ sentence, read, write }: Cause, told: Told): string {
  const steps = [read, write].flatMap((statement) =>
    statement === null ? [] : (told.story.stepOf(statement) ?? []),
  );
  const at = [...new Set(steps)].sort((a, b) => a - b);
  return at.length === 0 ? sentence : `${sentence.replace(/\.$/, '')} (${at.join(', ')})`;
}

/** Where no pair and no cause is known: which answers contradict each other, if that is known. */
export function unknownSentence({ serial, recording }: Findings, answers: string | null): string {
  const also = serial.verdict === 'fails' ? ': it fails also one after another' : '';
  return `Why is not known${also}. ${answers ?? recording.forensic.message}`.trim();
}

/** `The last commit before it showed (12) was by close slot-003, which removed b-4.` */
export function lastCommitWords(told: Told): string[] {
  const { recording, changes } = told;
  const last = recording.commits.findLast((each) => each.changes === null || each.changes.length > 0);
  if (!last) return [];
  const did = changes.done(changes.by(last));
  const by = last.request ? ` by ${asked(last.request)}` : '';
  return [
    `The last commit before it showed${stepText(last.statement, told)} was${by}${did === '' ? '' : `, which ${did}`}.`,
  ];
}
