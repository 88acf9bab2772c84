/** The lanes and steps of a why, from a recorded execution. */
import { EMPTY_STEP, laneName } from '../../server/contract/explained-story.ts';
import type { ExplainedLane, ExplainedStep, RunEvent } from '../../server/contract/index.ts';
import type { Attempt } from '../harness/attempt.ts';
import { inShort, oneLine } from '../service/in-short.ts';
import { CONNECTION_LOST, type WatchedStatement } from '../targets/statements.ts';
import type { RecordedRequest, Recording } from './findings.ts';
import type { RequestEvents } from './run-events.ts';
import { answered, asked, callWords } from './said.ts';

/** What stands beside statements, by id, and which of them carry the failure. */
export interface Highlights {
  readonly marks: ReadonlyMap<number, string>;
  /** Requests whose lanes are not folded, by role. */
  readonly roles: ReadonlyMap<RecordedRequest, 'accused' | 'partner'>;
  /** Statements that carry the failure, by id. */
  readonly matters: ReadonlySet<number>;
  /** The answer that the failure is named after, and what it should have been; null: not known. */
  readonly allowed: { readonly request: RecordedRequest; readonly instead: string } | null;
}

export interface Story {
  readonly lanes: ExplainedLane[];
  readonly steps: ExplainedStep[];
  stepOf(statement: WatchedStatement): number | null;
  /** The step of a request's answer; null: there is none. */
  answerOf(request: RecordedRequest): number | null;
}

const MOST_STEPS = 2_000;
const MOST_LANES = 200;

interface Placed {
  readonly at: number;
  readonly step: Omit<ExplainedStep, 'step' | 'event'>;
  readonly statement: WatchedStatement | null;
}

/** `linked`: events of the run that was explained, by request. */
export function storyOf(
  recording: Recording,
  highlights: Highlights,
  withValues: boolean,
  linked: ReadonlyMap<RecordedRequest, RequestEvents> = new Map(),
): Story {
  const requests = recording.requests.slice(0, MOST_LANES);
  const lanes = requests.map((request, index) => laneOf(request, index, highlights));
  const laneOfOp = new Map(requests.map(({ op }, index) => [op, index]));
  const hasStatements = recording.statements.length > 0;
  const told = hasStatements
    ? [
        ...recording.statements.map((each) =>
          placedStatement(each, recording, laneOfOp, highlights, withValues),
        ),
        ...answers(requests, highlights, recording.forensic.object, withValues),
      ]
    : recording.events.flatMap((event) => placedEvent(event, recording, laneOfOp, highlights, withValues));
  const placed = told.sort((a, b) => a.at - b.at).slice(0, MOST_STEPS);
  const steps = placed.map(
    ({ step }, i): ExplainedStep => ({ step: i + 1, ...step, event: eventOf(step, requests, linked) }),
  );
  const numbers = new Map(placed.map(({ statement }, i) => [statement, i + 1]));
  for (const [i, { statement }] of placed.entries()) {
    const since = statement?.waitedAt[0];
    if (since === undefined) continue;
    const before = placed.filter(({ at }) => at < since).length;
    (steps[i] as ExplainedStep).waitedSince = Math.min(before, i);
  }
  return {
    lanes,
    steps,
    stepOf: (statement) => numbers.get(statement) ?? null,
    answerOf: (request) =>
      steps.find(({ kind, lane }) => kind === 'answer' && lane === requests.indexOf(request))?.step ?? null,
  };
}

/** An answer belongs to the event that tells of it, all else of a request to the one that it was asked with. */
function eventOf(
  { lane, kind }: Pick<ExplainedStep, 'lane' | 'kind'>,
  requests: readonly RecordedRequest[],
  linked: ReadonlyMap<RecordedRequest, RequestEvents>,
): number | null {
  const request = lane === null ? undefined : requests[lane];
  const events = request && linked.get(request);
  if (!events) return null;
  return kind === 'answer' ? events.completed : events.invoked;
}

function laneOf(request: RecordedRequest, index: number, { roles }: Highlights): ExplainedLane {
  const { actor, call, key, op, outcome } = request;
  const { operation } = call;
  return {
    name: laneName(index),
    actor,
    operation,
    words: callWords(request),
    request: key,
    op,
    role: roles.get(request) ?? 'other',
    outcome,
  };
}

function placedStatement(
  statement: WatchedStatement,
  { statements }: Recording,
  laneOfOp: ReadonlyMap<number, number>,
  { marks, matters }: Highlights,
  withValues: boolean,
): Placed {
  const { id, kind, text, values, count, tag, error, connection, isolation, takenBack } = statement;
  const lane = (each: WatchedStatement) => laneOfOp.get((each.owner as Attempt | null)?.id ?? -1) ?? null;
  const waitedFor = statement.waitedFor.flatMap((other) => {
    const blocker = statements[other];
    const at = blocker && lane(blocker);
    return at === null || at === undefined ? [] : [at];
  });
  return {
    at: statement.settledAt ?? Number.POSITIVE_INFINITY,
    statement,
    step: {
      ...EMPTY_STEP,
      lane: lane(statement),
      kind,
      text: oneLine(text || kind).slice(0, 1_000),
      values: withValues ? values.map((value) => inShort(value)).join(', ') : '',
      answer: answerWords(statement, withValues),
      tag,
      count,
      error,
      connection,
      isolation,
      waitedFor: [...new Set(waitedFor)],
      takenBack,
      mark: marks.get(id) ?? '',
      matters: matters.has(id),
    },
  };
}

/** `→ 1`, `→ no row`, `2 rows: …`, `error 40001`. */
function answerWords({ kind, rows, tag, count, error }: WatchedStatement, withValues: boolean): string {
  if (error === CONNECTION_LOST) return 'cut off: nothing was answered';
  if (error !== null) return `error ${error}`;
  if (kind !== 'statement') return '';
  if (tag !== null && tag !== 'SELECT' && (rows === null || rows.length === 0))
    return count === null ? '' : `${count} ${count === 1 ? 'row' : 'rows'}`;
  if (rows === null) return '';
  if (rows.length === 0) return '→ no row';
  if (!withValues) return `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  const [first = {}] = rows;
  const shown = rows.slice(0, 3).map((row) =>
    Object.values(row)
      .map((value) => inShort(value))
      .join(', '),
  );
  if (rows.length === 1)
    return `→ ${Object.keys(first).length === 1 ? shown[0] : `(${shown[0]})`}`.slice(0, 300);
  return `${rows.length} rows: ${shown.map((row) => `(${row})`).join(' ')}${rows.length > 3 ? ' …' : ''}`.slice(
    0,
    300,
  );
}

function answers(
  requests: readonly RecordedRequest[],
  { roles, allowed }: Highlights,
  object: string | null,
  withValues: boolean,
): Placed[] {
  return requests.flatMap((request, lane): Placed[] => {
    const last = request.statements.findLast(({ settledAt }) => settledAt !== null);
    const at = last?.settledAt ?? null;
    if (at === null || request.outcome === 'pending') return [];
    return [
      {
        at: at + 0.5,
        statement: null,
        step: {
          ...EMPTY_STEP,
          lane,
          kind: 'answer',
          text: request.outcome === 'unknown' ? 'no answer reaches the caller' : request.outcome,
          answer: replyWords(request, object, withValues),
          mark: allowed?.request === request && withValues ? `allowed: ${allowed.instead}` : '',
          matters: roles.has(request),
        },
      },
    ];
  });
}

/** Beside `ok` or `refused`: what else the answer says. */
function replyWords(request: RecordedRequest, object: string | null, withValues: boolean): string {
  if (!withValues || !request.reply) return '';
  const words = answered(request, object);
  return words === 'ok' ? '' : `→ ${words}`;
}

/** Without statements: what was asked and answered, and which faults struck. */
function placedEvent(
  { type, data, index }: RunEvent,
  { requests, forensic }: Recording,
  laneOfOp: ReadonlyMap<number, number>,
  { roles, allowed }: Highlights,
  withValues: boolean,
): Placed[] {
  const lane = laneOfOp.get(Number(data['op'] ?? -1)) ?? null;
  const request = lane === null ? null : (requests[lane] ?? null);
  const common = { ...EMPTY_STEP, lane, matters: request === null || roles.has(request) };
  const place = (
    step: Omit<Placed['step'], keyof typeof common>,
    more: Partial<ExplainedStep> = {},
  ): Placed[] => [{ at: index, statement: null, step: { ...common, ...step, ...more } }];
  if (type === 'fault') return place({ kind: 'fault', text: String(data['name']) });
  if (request === null) return [];
  if (type.endsWith('.invoke')) return place({ kind: 'request', text: asked(request) });
  if (!/\.(ok|refused|unknown)$/.test(type)) return [];
  return place(
    {
      kind: 'answer',
      text: request.outcome === 'unknown' ? 'no answer reaches the caller' : request.outcome,
    },
    {
      answer: replyWords(request, forensic.object, withValues),
      mark: allowed?.request === request && withValues ? `allowed: ${allowed.instead}` : '',
    },
  );
}
