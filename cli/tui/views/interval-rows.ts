/** Operations as rows of the interval diagram. */
import type { RunEvent } from '../../../server/contract/index.ts';
import type { IntervalRow } from '../../output/intervals.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import type { Operation } from '../../run/operation.ts';
import { safeText } from '../../run/sanitize.ts';
import { truncate } from '../../terminal/columns.ts';

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
    answer: completion === null ? '' : describeAnswer(completion.data, null, (json) => truncate(json, 24)),
    from: invoke?.index ?? edge,
    to: completion?.index ?? null,
    isCulprit: false,
  };
}
