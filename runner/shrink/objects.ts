/** Which object each planned operation of a run turned out to be about, read from its history. */
import type { RunEvent } from '../../server/contract/index.ts';
import type { Play } from '../scenarios/scenario.ts';
import type { Trial } from './trials.ts';

/** By number in the plan; null for operations that are about several objects or none. */
export function objectsOfOperations(trial: Trial, play: Play): Map<number, string | null> {
  const objects = new Map<number, string | null>();
  const numbers = numbersInOrderOfInvocation(trial);
  for (const event of trial.events) {
    if (!isFirstInvocation(event)) continue;
    const n = numbers.next();
    if (n.done) break;
    const call = { ...event.data, operation: event.type.replace(/\.invoke$/, '') };
    objects.set(n.value, play.objectOf(call));
  }
  return objects;
}

/** Repeats and duplicates are no operations of the plan. */
function isFirstInvocation({ type, data }: RunEvent): boolean {
  return type.endsWith('.invoke') && !('retryOf' in data) && !('duplicateOf' in data);
}

/** An operation that sets off a burst begins before those of the burst, but its request goes out after theirs. */
function* numbersInOrderOfInvocation({ trace, events }: Trial): Generator<number> {
  const bursts = events.flatMap(({ type, data }) =>
    type === 'fault' && data['name'] === 'burst' ? [Number(data['citizens'])] : [],
  );
  const leaders = new Set(
    trace.struck.flatMap((fault) => (fault.endsWith('.burst') ? [Number(fault.split('.')[0])] : [])),
  );
  for (let i = 0; i < trace.begun.length; i++) {
    const n = trace.begun[i] as number;
    if (!leaders.has(n)) {
      yield n;
      continue;
    }
    const size = bursts.shift() ?? 0;
    yield* trace.begun.slice(i + 1, i + 1 + size);
    yield n;
    i += size;
  }
}
