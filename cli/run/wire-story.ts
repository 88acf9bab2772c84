/** What went over the wire of a gated run as a story in lanes: one for each request, each statement where it was answered. */
import { EMPTY_STEP, laneName } from '../../server/contract/explained-story.ts';
import type { ExplainedLane, ExplainedStep, WireLine } from '../../server/contract/index.ts';
import type { LaneStory } from './why-layout.ts';

/** A statement that is not answered yet, or any other step; `at`: where in the lines it is placed. */
interface Placed {
  at: number;
  since: number | null;
  step: Omit<ExplainedStep, 'step' | 'waitedSince'>;
}

export function wireStory(lines: readonly WireLine[]): LaneStory {
  const owners = [...new Set(lines.map(({ owner }) => owner))].filter((owner) => owner !== 'background');
  const laneOf = (owner: WireLine['owner']) => {
    const lane = owner === 'background' ? -1 : owners.indexOf(owner);
    return lane < 0 ? null : lane;
  };
  const placed: Placed[] = [];
  /** By owner: the statement that the next lines of that owner are about. */
  const open = new Map<WireLine['owner'], Placed>();
  for (const [at, line] of lines.entries()) {
    const about = open.get(line.owner);
    if (about !== undefined && continues(about, line, at, laneOf)) continue;
    const next: Placed = { at, since: null, step: stepOf(line, laneOf(line.owner)) };
    placed.push(next);
    if (line.kind === 'statement') open.set(line.owner, next);
    else open.delete(line.owner);
  }
  placed.sort((a, b) => a.at - b.at);
  return { lanes: owners.map(wireLane), steps: numbered(placed), pair: null };
}

/** What a line adds to a statement of the same request; false: it is a step of its own. */
function continues(
  about: Placed,
  { kind, text, values }: WireLine,
  at: number,
  laneOf: (owner: number) => number | null,
): boolean {
  const { step } = about;
  if (kind === 'rows') {
    about.at = at;
    step.answer = step.kind === 'statement' ? rowsWords(text, values) : '';
    return true;
  }
  if (kind !== 'lock') return false;
  if (text === 'is taken back') {
    step.takenBack++;
    return true;
  }
  const blockers = /^waits for ([\d, ]+)$/.exec(text)?.[1];
  if (blockers === undefined) return false;
  const lanes = blockers.split(', ').flatMap((owner) => laneOf(Number(owner)) ?? []);
  step.waitedFor = [...new Set([...step.waitedFor, ...lanes])];
  about.since ??= at;
  about.at = Math.max(about.at, at);
  return true;
}

/** How many rows came is told by the rows. */
function rowsWords(text: string, values: string): string {
  const tag = text.replace(/ \(\d+\)$/, '');
  if (values === '') return tag;
  return tag.startsWith('SELECT') ? values : `${tag} ${values}`;
}

const KIND: Readonly<Record<WireLine['kind'], ExplainedStep['kind']>> = {
  request: 'request',
  statement: 'statement',
  rows: 'note',
  lock: 'note',
  answer: 'answer',
  notification: 'note',
  quiet: 'note',
};

function stepOf({ kind, text, values }: WireLine, lane: number | null): Placed['step'] {
  if (kind === 'lock' && text.startsWith('is struck'))
    return { ...EMPTY_STEP, matters: true, lane, kind: 'fault', text };
  if (kind !== 'statement')
    return { ...EMPTY_STEP, matters: true, lane, kind: KIND[kind], text, answer: values };
  const first = /^\s*(begin|start transaction|commit|end|rollback)\b/i.exec(text)?.[1]?.toLowerCase();
  const own = first === undefined ? 'statement' : TRANSACTION[first];
  return { ...EMPTY_STEP, matters: true, lane, kind: own ?? 'statement', text, values };
}

const TRANSACTION: Readonly<Record<string, ExplainedStep['kind']>> = {
  begin: 'begin',
  'start transaction': 'begin',
  commit: 'commit',
  end: 'commit',
  rollback: 'rollback',
};

function wireLane(owner: WireLine['owner'], at: number): ExplainedLane {
  const name = laneName(at);
  return {
    ...{ name, actor: '', operation: 'request', words: String(owner), request: String(owner) },
    ...{ op: at, role: 'other', outcome: 'ok' },
  };
}

function numbered(placed: readonly Placed[]): ExplainedStep[] {
  return placed.map(({ step, since }, i) => ({
    ...step,
    step: i + 1,
    // As many as were over when it began to wait.
    waitedSince: since === null ? null : placed.filter(({ at }) => at < since).length,
  }));
}
