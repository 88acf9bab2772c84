/** Whether a history leads to one state only, however its operations took turns: then the rest of it can be forgotten. */
import type { SequentialModel } from '../model.ts';
import type { HistoryEvent, Op } from './history.ts';

/** What changed something, and when at the soonest and at the latest. */
interface Change {
  readonly names: readonly string[];
  readonly from: number;
  readonly to: number;
}

/**
 * True when nothing that can change something is under way, and whatever overlapped changed different things.
 * False when that is not certain.
 */
export function isOneState<State, Call, Answer>(
  model: SequentialModel<State, Call, Answer>,
  kept: readonly Op<Call, Answer>[],
  events: readonly HistoryEvent<Call, Answer>[],
): boolean {
  if (kept.findLast(({ status }) => status === 'pending')) return false;
  const changes: Change[] = [];
  for (const op of kept) {
    const names = model.changes?.(op.call, op.answer) ?? [];
    if (names.length === 0) continue;
    if (op.status !== 'answered') return false;
    changes.push({ names, from: op.invokedAt, to: op.endedAt });
  }
  if (!model.forget) return isApart(changes);
  for (const event of events) {
    if (event.kind !== 'forget') continue;
    const names = model.changes?.(event.what as Call, undefined) ?? [];
    changes.push({ names, from: event.at, to: event.at });
  }
  return isApart(changes);
}

/** True when changes that overlap have no name in common. */
function isApart(changes: Change[]): boolean {
  if (changes.length < 2) return true;
  const ends = new Map<string, number>();
  for (const { names, from, to } of changes.sort((a, b) => a.from - b.from)) {
    for (const name of names) {
      const end = ends.get(name);
      if (end !== undefined && end > from) return false;
      ends.set(name, to);
    }
  }
  return true;
}
