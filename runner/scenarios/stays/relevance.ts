/**
 * Which pending calls can matter to which others at one resource: false only when they are about different bookings
 * and no time that both concern. It keeps the checker's search off hopeless orders.
 */
import type { Range } from './calls.ts';
import { collides, type ResourceAnswer, type ResourceCall, type ResourceState, stayOf } from './resource.ts';

/** True when `call` with this answer changes nothing by itself; an answer that is not known may have. */
export function observes(call: ResourceCall, answer: ResourceAnswer | undefined): boolean {
  return call.operation === 'read' || call.operation === 'search' || answer?.outcome === 'refused';
}

/** The bookings that it changes: how is told by the answer, and by what else is asked of the same bookings. */
export function changes(call: ResourceCall, answer: ResourceAnswer | undefined): string[] {
  return observes(call, answer) ? [] : idsOf(call);
}

export function relevant(
  state: ResourceState,
  pending: ResourceCall,
  pendingAnswer: ResourceAnswer | undefined,
  target: ResourceCall,
  targetAnswer: ResourceAnswer | undefined,
): boolean {
  if (observes(pending, pendingAnswer) && observes(target, targetAnswer)) return false;
  // Before a read only what it shows done matters; after it, what it shows undone.
  if (target.operation === 'read') return shownDone(targetAnswer, pending) !== 'none';
  if (pending.operation === 'read') return shownDone(pendingAnswer, target) !== 'all';
  const others = idsOf(target);
  if (idsOf(pending).some((id) => others.includes(id))) return true;
  const ranges = rangesOf(state, target);
  return rangesOf(state, pending).some((a) => ranges.some((b) => collides(a, b, state.buffer)));
}

/** How much of what `call` does is in this answer to a read; `some` as well where that is not known. */
function shownDone(answer: ResourceAnswer | undefined, call: ResourceCall): 'all' | 'some' | 'none' {
  if (answer?.outcome !== 'ok' || !answer.calendar) return 'some';
  const { bookings } = answer.calendar;
  const ids = idsOf(call);
  const done = ids.filter((id) => {
    const stay = bookings.find((one) => one.id === id);
    if (call.operation === 'leave') return !stay;
    if (call.operation === 'move') return stay?.from === call.from && stay.to === call.to;
    return call.operation === 'resize' ? stay?.to === call.to : stay !== undefined;
  });
  if (done.length === 0) return 'none';
  return done.length === ids.length ? 'all' : 'some';
}

function idsOf(call: ResourceCall): string[] {
  if (call.operation === 'take') return call.takes.map(({ id }) => id);
  return 'id' in call ? [call.id] : [];
}

/** The times that it takes or frees. A booking that is not there yet is known by its id to whoever makes it. */
function rangesOf(state: ResourceState, call: ResourceCall): readonly Range[] {
  if (call.operation === 'take') return call.takes;
  if (call.operation === 'search' || call.operation === 'enter') return [call];
  const stay = 'id' in call ? stayOf(state, call.id) : undefined;
  if (call.operation === 'move') return stay ? [call, stay] : [call];
  if (call.operation !== 'resize') return stay ? [stay] : [];
  // Another call may have put its beginning anywhere before.
  return [{ from: Number.NEGATIVE_INFINITY, to: Math.max(stay?.to ?? call.to, call.to) }];
}
