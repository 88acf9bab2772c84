/** The sentences of a why: what happened, its shape, and what was measured. */
import type { Cure, WhyKind } from '../../server/contract/index.ts';
import type { Commit, Findings, Pair, RecordedRequest } from './findings.ts';
import { callWords, laneName, type Story } from './story.ts';

/** `book citizen-021 k-50 (B)`. */
function who(request: RecordedRequest): string {
  return `${request.call.operation} ${callWords(request)} (${laneName(request.index)})`;
}

export function pairSentence({ stale, writer, write, acts }: Pair, kind: WhyKind, story: Story): string {
  const { request, read, commits } = stale;
  const r = story.stepOf(read);
  const w = story.stepOf(write);
  const c = story.stepOf((commits.at(-1) as Commit).statement);
  const reader = who(request);
  const changed = `what ${who(writer)} changed (${w}) was committed (${c})`;
  if (kind === 'old-snapshot')
    return `${reader} waited in ${r} for the lock of ${who(writer)}, and its statement saw the rest of the data as of before ${changed}`;
  if (kind === 'read-skew') return `${reader} read (${r}) before ${changed}, and read on after it`;
  if (kind === 'repeat-race')
    return `${reader} looked (${r}) whether the same request had been made already, before ${changed}`;
  const end = acts ? `, and acted on it (${story.stepOf(acts)})` : ', and answered with it';
  return `${reader} read (${r}) before ${changed}${end}`;
}

const SHAPES: Partial<Record<WhyKind, string>> = {
  'stale-check': 'A check whose answer was no longer true when it was acted on.',
  'lost-update': 'An update is lost: a value was computed from what was read before the other wrote it.',
  'split-check':
    'A check and the write that relies on it are in two transactions, so no isolation level keeps others out between them.',
  'old-snapshot': 'A statement that waited for a lock: the locked row is new, the rest of the snapshot old.',
  'read-skew': 'Two reads of one request lie on both sides of a commit.',
  'early-release': 'A lock is let go before what it guards is committed.',
  'cache-race': 'A value that is kept outside of the database was older than what had been committed.',
  'repeat-race': 'A request overlaps its own repeat, and neither sees the other.',
};

export function pairConclusion(
  pair: Pair,
  kind: WhyKind,
  name: string | null,
  found: Findings,
  story: Story,
): string[] {
  const { stale, acts } = pair;
  const shape = SHAPES[kind] ?? '';
  const one = acts && acts.transaction === stale.read.transaction && acts.transaction !== null;
  const where =
    acts === null
      ? ''
      : one
        ? ' Read and write are in one transaction.'
        : ' Read and write are in two transactions.';
  const named = name === null ? '' : ` (${name})`;
  return [`${shape.replace(/\.$/, '')}${named}.${where}`, turnSentence(pair, story), needs(found)];
}

function turnSentence({ stale }: Pair, story: Story): string {
  const last = stale.commits.at(-1) as Commit;
  return `Passes when ${story.stepOf(stale.read)} comes after ${story.stepOf(last.statement)}, all else in the same order.`;
}

export function needs({ recording, serial }: Findings): string {
  const faults =
    recording.trace.struck.length === 0
      ? 'no fault'
      : `the ${recording.trace.struck.length === 1 ? 'fault' : 'faults'} ${recording.trace.struck.join(', ')}`;
  const repeats = recording.requests.some(({ attempt, isDuplicate }) => attempt > 0 || isDuplicate)
    ? 'a repeat'
    : 'no repeat';
  const { whole } = serial;
  const alone =
    whole.same > 0 && serial.same === 0
      ? ` Whole runs of one request at a time fail the same way (${whole.same} of ${whole.of} seeds).`
      : serial.verdict === 'passes'
        ? ` One after another the same requests pass (${serial.passes} of ${serial.of} orders).`
        : serial.verdict === 'unknown'
          ? ''
          : ` One after another the same requests fail in ${serial.same} of ${serial.of} orders.`;
  return `Needs ${faults}, ${repeats}.${alone}`;
}

export function unknownSentence({ recording, serial }: Findings): string {
  const last = recording.commits.findLast(({ changes }) => changes === null || changes.length > 0);
  const also = serial.verdict === 'fails' ? ': fails also one after another' : '';
  if (!last) return `Not known${also}.`;
  const by = last.request ? ` by ${who(last.request)}` : '';
  return `Not known${also}; the last commit before it showed was${by}${changesText(last)}.`;
}

function changesText({ changes }: Commit): string {
  if (!changes || changes.length === 0) return '';
  const text = changes.slice(0, 3).map(({ table, key, before, after, columns }) => {
    if (before === null) return `+${table}/${keyText(key)}`;
    if (after === null) return `-${table}/${keyText(key)}`;
    return `~${table}/${keyText(key)} ${columns.slice(0, 3).join(', ')}`;
  });
  return `: ${text.join('; ')}${changes.length > 3 ? ' …' : ''}`;
}

function keyText(key: string): string {
  const parsed: unknown = JSON.parse(key);
  return Array.isArray(parsed) ? parsed.join('/') : 'row';
}

export function curesConclusion(cures: readonly Cure[]): string[] {
  return cures
    .filter(({ kind }) => kind === 'isolation' || kind === 'span')
    .map(
      ({ what, passes, of, retries }) =>
        `Passes in ${passes} of ${of} at ${what}${retries === null ? '' : ` (${retries} ${retries === 1 ? 'retry' : 'retries'})`}.`,
    );
}
