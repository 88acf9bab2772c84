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

export function relevant(
  state: ResourceState,
  pending: ResourceCall,
  pendingAnswer: ResourceAnswer | undefined,
  target: ResourceCall,
  targetAnswer: ResourceAnswer | undefined,
): boolean {
  if (observes(pending, pendingAnswer) && observes(target, targetAnswer)) return false;
  if (pending.operation === 'read' || target.operation === 'read') return true;
  const others = idsOf(target);
  if (idsOf(pending).some((id) => others.includes(id))) return true;
  const ranges = rangesOf(state, target);
  return rangesOf(state, pending).some((a) => ranges.some((b) => collides(a, b, state.buffer)));
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
  if (call.operation !== 'resize' || !stay) return stay ? [stay] : [];
  return [{ from: stay.from, to: Math.max(stay.to, call.to) }];
}
