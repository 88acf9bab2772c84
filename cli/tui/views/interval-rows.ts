/** Operations and the intervals of a bundle as rows of the interval diagram. */
import type { Interval, RunEvent } from '../../../server/contract/index.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import { safeText } from '../../run/sanitize.ts';
import { truncate } from '../../terminal/columns.ts';
import type { IntervalRow } from '../components/intervals.ts';
import type { Operation } from '../state/operation.ts';

/** The answer in short: the booking, the reason, or the beginning of its JSON. */
export function answerOf(value: unknown, object: string | null = null): string {
  return describeAnswer(value, object, (json) => truncate(json, 24));
}

/** A row of a bundle's history; of an answer about many objects only `object` is told. */
export function rowOfInterval(
  interval: Interval,
  culprit: number | null,
  object: string | null,
): IntervalRow {
  const { call, actor, operation, outcome, answer, invokedIndex, completedIndex } = interval;
  const name = typeof call['operation'] === 'string' ? safeText(call['operation']) : 'call';
  const booking = typeof call['booking'] === 'string' ? ` ${safeText(call['booking'])}` : '';
  return {
    label: `${String(operation).padStart(4)} ${safeText(actor)} ${name}${booking}`,
    outcome,
    answer: outcome === 'pending' ? '' : answerOf(answer, object),
    from: invokedIndex,
    to: completedIndex,
    isCulprit: culprit !== null && operation === culprit,
  };
}

/** A row of an operation that was put together from events; `edge` is the first index that is looked at. */
export function rowOfOperation(
  { op, invoke, completion }: Operation,
  edge: number,
  isOwn: boolean,
): IntervalRow {
  const event = (invoke ?? completion) as RunEvent;
  const phase = completion?.type.split('.')[1];
  return {
    label: `${isOwn ? '▸' : ' '}${String(op).padStart(4)} ${safeText(event.actor)} ${safeText(event.type.split('.')[0] ?? '')}`,
    outcome: phase === 'ok' || phase === 'refused' || phase === 'unknown' ? phase : 'pending',
    answer: completion === null ? '' : answerOf(completion.data),
    from: invoke?.index ?? edge,
    to: completion?.index ?? null,
    isCulprit: false,
  };
}
