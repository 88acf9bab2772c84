/** Where the steps of a smallest reproduction are in the run that it was made from. */
import type { Forensic, StoryStep } from '../../server/contract/index.ts';
import { accusedOperation, isSameRequest } from './object-history.ts';

type Told = Pick<Forensic, 'history' | 'operation' | 'eventIndex'>;

/**
 * Index of this run's event in which the same caller asks the same, or is answered; null: there is none, or more than one. The
 * reproduction is another execution, and what it fails by may be another object.
 */
export function eventOfStep({ history, operation, eventIndex }: Told, step: StoryStep): number | null {
  const { actor, what, operation: words } = step;
  const isViolation = what.startsWith('breaks ');
  const [name = ''] = words.split(' ');
  const same = history.filter((each) =>
    isSameRequest({ actor: isViolation ? each.actor : actor, operation: name, words }, each),
  );
  const [only] = same;
  if (only === undefined || same.length > 1) return null;
  if (isViolation) return only.operation === accusedOperation({ operation }) ? eventIndex : null;
  return what === 'asks' ? only.invokedIndex : ANSWERS.has(what) ? only.completedIndex : null;
}

const ANSWERS = new Set(['answered', 'refused', 'no answer']);
