/** The lanes and steps of a why, from a recorded execution. */
import type { ExplainedLane, ExplainedStep, RunEvent } from '../../server/contract/index.ts';
import type { Attempt } from '../harness/attempt.ts';
import { inShort } from '../service/in-short.ts';
import type { WatchedStatement } from '../targets/statements.ts';
import type { RecordedRequest, Recording } from './findings.ts';

/** What stands beside statements, by id, and which of them carry the failure. */
export interface Highlights {
  readonly marks: ReadonlyMap<number, string>;
  /** Requests whose lanes are not folded, by role. */
  readonly roles: ReadonlyMap<RecordedRequest, 'accused' | 'partner'>;
  /** Statements that carry the failure, by id. */
  readonly matters: ReadonlySet<number>;
}

export interface Story {
  readonly lanes: ExplainedLane[];
  readonly steps: ExplainedStep[];
  /** The step of a statement, by its id. */
  stepOf(statement: WatchedStatement): number | null;
}

const MOST_STEPS = 2_000;
const MOST_LANES = 200;

interface Placed {
  readonly at: number;
  readonly step: Omit<ExplainedStep, 'step'>;
  readonly statement: WatchedStatement | null;
}

export function storyOf(recording: Recording, highlights: Highlights, withValues: boolean): Story {
  const requests = recording.requests.slice(0, MOST_LANES);
  const lanes = requests.map((request, index) => laneOf(request, index, highlights));
  const laneOfOp = new Map(requests.map(({ op }, index) => [op, index]));
  const placed =
    recording.statements.length > 0
      ? recording.statements.map((each) => placedStatement(each, recording, laneOfOp, highlights, withValues))
      : recording.events.flatMap((event) => placedEvent(event, laneOfOp));
  placed.push(...(recording.statements.length > 0 ? answers(requests, highlights, withValues) : []));
  placed.sort((a, b) => a.at - b.at);
  const steps = placed.slice(0, MOST_STEPS).map(({ step }, i): ExplainedStep => ({ step: i + 1, ...step }));
  const numbers = new Map(placed.slice(0, MOST_STEPS).map(({ statement }, i) => [statement, i + 1]));
  for (const [i, { statement }] of placed.slice(0, MOST_STEPS).entries()) {
    const since = statement?.waitedAt[0];
    if (since === undefined) continue;
    const before = placed.filter(({ at }) => at < since).length;
    (steps[i] as ExplainedStep).waitedSince = Math.min(before, i);
  }
  return { lanes, steps, stepOf: (statement) => numbers.get(statement) ?? null };
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

/** `citizen-004 slot-001 k-48`. */
export function callWords({ call, actor }: Pick<RecordedRequest, 'call' | 'actor'>): string {
  const { operation: _, ...arguments_ } = call;
  const words = Object.values(arguments_).map((value) =>
    typeof value === 'object' ? inShort(value) : String(value),
  );
  return [...new Set([actor, ...words])].join(' ').slice(0, 200);
}

/** A, B, … Z, AA, AB. */
export function laneName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : laneName(Math.floor(index / 26) - 1) + letter;
}

/** A step of which nothing is known yet. */
export const EMPTY_STEP: Omit<ExplainedStep, 'step' | 'lane' | 'kind' | 'text'> = {
  values: '',
  answer: '',
  tag: null,
  count: null,
  error: null,
  connection: null,
  isolation: null,
  waitedFor: [],
  waitedSince: null,
  takenBack: 0,
  mark: '',
  matters: false,
  event: null,
};

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
      text: oneLine(text || kind),
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

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 1_000);
}

/** `→ 1`, `→ no row`, `2 rows: …`, `error 40001`. */
function answerWords({ kind, rows, tag, count, error }: WatchedStatement, withValues: boolean): string {
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

function answers(requests: readonly RecordedRequest[], { roles }: Highlights, withValues: boolean): Placed[] {
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
          answer: withValues && request.reply ? replyWords(request) : '',
          matters: roles.has(request),
        },
      },
    ];
  });
}

function replyWords({ reply }: RecordedRequest): string {
  if (!reply) return '';
  if (reply.outcome === 'ok') return inShort(reply.value);
  return reply.outcome === 'refused' ? reply.reason : inShort(reply.error);
}

/** Without statements: what was asked and answered. */
function placedEvent(event: RunEvent, laneOfOp: ReadonlyMap<number, number>): Placed[] {
  const { type, data, index } = event;
  const lane = laneOfOp.get(Number(data['op'] ?? -1)) ?? null;
  const [operation = '', phase = ''] = type.split('.');
  const { op: _, latencyMs: __, ...told } = data;
  const common = { ...EMPTY_STEP, lane, matters: true };
  if (type === 'fault')
    return [{ at: index, statement: null, step: { ...common, kind: 'fault', text: String(data['name']) } }];
  if (lane === null) return [];
  if (phase === 'invoke')
    return [
      {
        at: index,
        statement: null,
        step: { ...common, kind: 'request', text: `${operation} ${inShort(told)}` },
      },
    ];
  return [
    { at: index, statement: null, step: { ...common, kind: 'answer', text: phase, answer: inShort(told) } },
  ];
}
