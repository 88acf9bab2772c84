/** Lays out why it broke as lanes: which columns, which rows, what is folded, and where waits are drawn, for whatever draws it. */
import type { ExplainedLane, ExplainedStep, Why } from '../../server/contract/index.ts';
import { describeAnswer } from './describe-answer.ts';
import { safeText } from './sanitize.ts';
import { valueText } from './value-text.ts';

/** So many steps in a row that do not matter are shown as one line; fewer would save nothing. */
const LEAST_FOLD = 2;

/** What is laid out: a story in lanes, of a why or of what went over the wire. */
export type LaneStory = Pick<Why, 'lanes' | 'steps' | 'pair'>;

/** A lane that is drawn. All text in a layout is safe for terminals and pages. */
export interface WhyColumn {
  /** Its place in `why.lanes`. */
  lane: number;
  /** `A`. */
  name: string;
  /** `book citizen-004 k-48`. */
  heading: string;
  request: string;
  role: ExplainedLane['role'];
  outcome: ExplainedLane['outcome'];
}

/** What a column shows of a wait in a row: its beginning, the bar, its end; null: nothing. */
export type WhyBar = 'begins' | 'goes-on' | 'ends' | null;

/** `read` and `write` are the culprit pair; `mark`: something stands beside it; `quiet`: it does not matter. */
export type WhyTone = 'read' | 'write' | 'mark' | 'plain' | 'quiet';

interface RowBase {
  /** One for each column. */
  bars: readonly WhyBar[];
}

export interface WhyStepRow extends RowBase {
  row: 'step';
  /** What sentences point to. */
  step: number;
  /** Others that share the row: the `begin` before a statement, the answer after a commit. */
  joined: readonly number[];
  /** Place in `columns`; null: over all of them (the service's own doings, a fault of the city). */
  column: number | null;
  kind: ExplainedStep['kind'];
  text: string;
  /** With its arrow, `→ 1`; empty: nothing. */
  answer: string;
  /** Empty: none. */
  values: string;
  /** Without its arrow; empty: none. */
  mark: string;
  tone: WhyTone;
  isError: boolean;
  /** It was not answered at once; what for is told where the wait begins. */
  hasWaited: boolean;
  takenBack: number;
  /** Index of the history's event; null: none. */
  event: number | null;
}

/** A statement was sent and is not answered yet: the bar begins here, and reaches to those it waits for. */
export interface WhyWaitRow extends RowBase {
  row: 'wait';
  /** The step at which the wait ends. */
  step: number;
  column: number;
  /** Columns of those it waits for, as far as they are drawn. */
  blockers: readonly number[];
  /** `waits for A`. */
  words: string;
}

export interface WhyFoldRow extends RowBase {
  row: 'fold';
  /** Numbers of the steps in it, in order. */
  steps: readonly number[];
  /** `14 reads folded`. */
  words: string;
}

export type WhyRow = WhyStepRow | WhyWaitRow | WhyFoldRow;

export interface WhyLayout {
  columns: readonly WhyColumn[];
  rows: readonly WhyRow[];
  /** What was left out, for people: `C listBookings, D availability`; empty: all lanes are drawn. */
  foldedLanes: string;
  /** How many that are. */
  foldedCount: number;
  /** Whether unfolding would show more. */
  hasFolds: boolean;
}

/** The story as columns and rows. `unfolded`: with all lanes and all steps. */
export function whyLayout(why: LaneStory, { unfolded = false }: { unfolded?: boolean } = {}): WhyLayout {
  const isShown = stepsShown(why, unfolded);
  const lanes = lanesShown(why, unfolded);
  const columnOf = new Map(lanes.map((lane, column) => [lane, column]));
  const folded = why.lanes.filter((_, lane) => !columnOf.has(lane));
  const items = itemsOf(why, isShown, columnOf);
  const rows = withBars(joinRows(foldRuns(items, why, columnOf)), lanes.length);
  return {
    columns: lanes.flatMap((lane) => {
      const told = why.lanes[lane];
      return told === undefined ? [] : [columnFor(told, lane)];
    }),
    rows,
    foldedLanes: folded.map(({ name, operation }) => safeText(`${name} ${operation}`)).join(', '),
    foldedCount: folded.length,
    hasFolds: folded.length > 0 || rows.some(({ row }) => row === 'fold'),
  };
}

/** How the line from a wait to those it waits for crosses a column: `head` at a blocker, `through` on the way there; null: not at all. */
export interface WhyReach {
  part: 'head' | 'through';
  /** The side on which the waiting lane is. */
  towards: 'left' | 'right';
}

export function reachOf({ column, blockers }: WhyWaitRow, at: number): WhyReach | null {
  if (at === column) return null;
  const towards = at < column ? 'right' : 'left';
  if (blockers.includes(at)) return { part: 'head', towards };
  const isOnTheWay = blockers.some((blocker) => (at < column ? blocker < at : blocker > at));
  return isOnTheWay ? { part: 'through', towards } : null;
}

/** Whether so many columns fit beside each other; otherwise they are drawn below each other, each step with its lane's name. */
export function fitsBeside({ columns }: WhyLayout, width: number, leastLane: number, gap: number): boolean {
  return columns.length * (leastLane + gap) - gap <= width;
}

/** The step after (`1`) or before (`-1`) one, of those that are drawn; null: there is none. From null: the first, or the last. */
export function stepBeside({ rows }: WhyLayout, step: number | null, by: 1 | -1): number | null {
  const steps = rows.flatMap((row) => (row.row === 'step' ? [row.step] : []));
  if (step === null) return steps.at(by === 1 ? 0 : -1) ?? null;
  const found = by === 1 ? steps.find((each) => each > step) : steps.findLast((each) => each < step);
  return found ?? null;
}

/** The event at which the city is shown for a step: its own, or that of the last step before that has one; null: none. */
export function eventOfStep({ steps }: Pick<Why, 'steps'>, step: number): number | null {
  return steps.findLast((each) => each.step <= step && each.event !== null)?.event ?? null;
}

function stepsShown({ steps, pair }: LaneStory, unfolded: boolean): (step: ExplainedStep) => boolean {
  if (unfolded || !steps.some(({ matters }) => matters)) return () => true;
  return ({ matters, mark, step }) => matters || mark !== '' || step === pair?.read || step === pair?.write;
}

/** Those that matter; a lane in which nothing would be shown is folded, however few there are. */
function lanesShown(why: LaneStory, unfolded: boolean): number[] {
  const all = why.lanes.map((_, lane) => lane);
  if (unfolded) return all;
  const isShown = stepsShown(why, false);
  const matter = new Set(why.steps.filter(isShown).map(({ lane }) => lane));
  const shown = all.filter((lane) => why.lanes[lane]?.role !== 'other' || matter.has(lane));
  return shown.length === 0 ? all : shown;
}

function columnFor(lane: ExplainedLane, place: number): WhyColumn {
  return {
    lane: place,
    name: safeText(lane.name),
    heading: safeText(`${lane.operation} ${lane.words}`.trim()),
    request: safeText(lane.request),
    role: lane.role,
    outcome: lane.outcome,
  };
}

/** A row that has no bars yet, or a step that is to be folded. */
type Item = Unbarred<WhyStepRow> | Unbarred<WhyWaitRow> | { row: 'folded'; step: ExplainedStep };
type Unbarred<Row extends RowBase> = Omit<Row, 'bars'>;
type UnbarredRow = Unbarred<WhyStepRow> | Unbarred<WhyWaitRow> | Unbarred<WhyFoldRow>;

/** Steps in their order, with each wait where it began. */
function itemsOf(
  why: LaneStory,
  isShown: (step: ExplainedStep) => boolean,
  columnOf: ReadonlyMap<number, number>,
): Item[] {
  const waits = new Map<number, Item[]>();
  for (const step of why.steps) {
    const column = step.lane === null ? undefined : columnOf.get(step.lane);
    if (step.waitedFor.length === 0 || column === undefined || !isShown(step)) continue;
    // Not known since when: just before it ended.
    const since = Math.min(step.waitedSince ?? step.step - 1, step.step - 1);
    waits.set(since, [...(waits.get(since) ?? []), waitRow(why, step, column, columnOf)]);
  }
  const before = waits.get(0) ?? [];
  return [
    ...before,
    ...why.steps.flatMap((step) => [itemOf(why, step, isShown, columnOf), ...(waits.get(step.step) ?? [])]),
  ];
}

function itemOf(
  why: LaneStory,
  step: ExplainedStep,
  isShown: (step: ExplainedStep) => boolean,
  columnOf: ReadonlyMap<number, number>,
): Item {
  const column = step.lane === null ? null : columnOf.get(step.lane);
  if (column === undefined || !isShown(step)) return { row: 'folded', step };
  const inlined = withValues(step);
  return {
    row: 'step',
    step: step.step,
    joined: [],
    column,
    kind: step.kind,
    text: safeText(inlined ?? stepText(step)),
    answer: safeText(answerText(step)),
    values: inlined === null ? safeText(step.values) : '',
    mark: safeText(step.mark),
    tone: toneOf(step, why.pair),
    isError: step.error !== null,
    hasWaited: step.waitedFor.length > 0,
    takenBack: step.takenBack,
    event: step.event,
  };
}

function stepText({ kind, text, isolation }: ExplainedStep): string {
  // Read committed is what everybody has who asked for nothing.
  if (kind === 'begin' && isolation !== null && isolation !== 'read committed')
    return `${text} (${isolation})`;
  return text;
}

/** A statement with its values where they belong; null: there are none, or it is not sure which is which. */
function withValues({ kind, text, values }: ExplainedStep): string | null {
  if (kind !== 'statement' || values === '') return null;
  const told = values.split(', ');
  const places = new Set([...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)));
  if (places.size !== told.length || Math.max(...places) !== told.length) return null;
  return text.replace(/\$(\d+)/g, (_, place: string) => literal(told[Number(place) - 1] ?? ''));
}

function literal(value: string): string {
  return /^(-?\d+(\.\d+)?|true|false|null|'.*'|".*")$/i.test(value) ? value : `'${value}'`;
}

function answerText({ kind, answer, error }: ExplainedStep): string {
  if (answer === '') return error === null ? '' : `→ ${error}`;
  const plain = answer.replace(/^→ /, '');
  const said = kind === 'answer' ? replyText(plain) : plain;
  if (said === '') return error === null ? '' : `→ ${error}`;
  const told = `→ ${said}`;
  return error === null || answer.includes(error) ? told : `${told} (${error})`;
}

/** The caller's answer in words, where it is JSON. */
function replyText(answer: string): string {
  if (!answer.startsWith('{')) return answer;
  try {
    const value: unknown = JSON.parse(answer);
    return describeAnswer(value, null, () => valueText(value));
  } catch {
    return answer;
  }
}

function toneOf({ step, mark, matters }: ExplainedStep, pair: Why['pair']): WhyTone {
  if (step === pair?.read) return 'read';
  if (step === pair?.write) return 'write';
  return mark !== '' ? 'mark' : matters ? 'plain' : 'quiet';
}

function waitRow(
  why: LaneStory,
  step: ExplainedStep,
  column: number,
  columnOf: ReadonlyMap<number, number>,
): Unbarred<WhyWaitRow> {
  const names = step.waitedFor.map((lane) => why.lanes[lane]?.name ?? 'the service');
  return {
    row: 'wait',
    step: step.step,
    column,
    blockers: step.waitedFor.flatMap((lane) => columnOf.get(lane) ?? []),
    words: safeText(`waits for ${names.join(', ')}`),
  };
}

/** Steps that are not shown, in one row as far as nothing shown is between them. */
function foldRuns(
  items: readonly Item[],
  why: LaneStory,
  columnOf: ReadonlyMap<number, number>,
): UnbarredRow[] {
  const rows: UnbarredRow[] = [];
  let run: ExplainedStep[] = [];
  const flush = () => {
    const drawable = run.every(({ lane }) => lane === null || columnOf.has(lane));
    if (run.length < LEAST_FOLD && drawable) {
      for (const step of run) {
        const item = itemOf(why, step, () => true, columnOf);
        if (item.row !== 'folded') rows.push(item);
      }
    } else if (run.length > 0) {
      rows.push({ row: 'fold', steps: run.map(({ step }) => step), words: foldWords(run, why) });
    }
    run = [];
  };
  for (const item of items) {
    if (item.row === 'folded') run.push(item.step);
    else {
      flush();
      rows.push(item);
    }
  }
  flush();
  return rows;
}

/** `14 reads of C folded`: whose they are is told when they are of one lane. */
function foldWords(run: readonly ExplainedStep[], why: LaneStory): string {
  const lanes = [...new Set(run.map(({ lane }) => lane))];
  const only = lanes.length === 1 && lanes[0] !== undefined && lanes[0] !== null ? why.lanes[lanes[0]] : null;
  const of = only ? ` of ${only.name}` : '';
  const noun = run.every(isRead) ? 'read' : 'step';
  return safeText(`${run.length} ${noun}${run.length === 1 ? '' : 's'}${of} folded`);
}

function isRead({ kind, tag, text }: ExplainedStep): boolean {
  return kind === 'statement' && (tag === null ? /^\s*select\b/i.test(text) : tag === 'SELECT');
}

/** A `begin` shares the row of the statement after it, an answer that of the commit before it, where nothing is between. */
function joinRows(rows: readonly UnbarredRow[]): UnbarredRow[] {
  const joined: UnbarredRow[] = [];
  for (const row of rows) {
    const before = joined.at(-1);
    const both = before === undefined ? null : together(before, row);
    if (both === null) joined.push(row);
    else joined[joined.length - 1] = both;
  }
  return joined;
}

function together(first: UnbarredRow, second: UnbarredRow): UnbarredRow | null {
  if (first.row !== 'step' || second.row !== 'step') return null;
  if (first.column === null || first.column !== second.column || second.hasWaited) return null;
  if (
    first.kind === 'begin' &&
    second.kind === 'statement' &&
    first.mark === '' &&
    first.joined.length === 0
  ) {
    return { ...second, text: `${first.text}; ${second.text}`, joined: [first.step] };
  }
  if (first.kind === 'commit' && second.kind === 'answer' && second.mark === '' && !first.isError) {
    return {
      ...first,
      text: `${first.text}; ${second.text}`,
      answer: second.answer,
      tone: first.tone === 'quiet' ? second.tone : first.tone,
      joined: [second.step],
      event: first.event ?? second.event,
    };
  }
  return null;
}

/** Each row with what its columns show of the waits that go on there. */
function withBars(rows: readonly UnbarredRow[], columns: number): WhyRow[] {
  /** By column: the step at which its wait ends. */
  const waiting = new Map<number, number>();
  return rows.map((row): WhyRow => {
    const bars = Array.from({ length: columns }, (_, column): WhyBar => {
      const until = waiting.get(column);
      if (row.row === 'wait' && row.column === column) return 'begins';
      if (until === undefined) return null;
      return row.row === 'step' && row.step === until ? 'ends' : 'goes-on';
    });
    if (row.row === 'wait') waiting.set(row.column, row.step);
    if (row.row === 'step') {
      for (const [column, until] of waiting) if (until === row.step) waiting.delete(column);
    }
    return { ...row, bars };
  });
}
