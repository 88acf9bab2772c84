/** Who began each planned operation of a run, and what it turned out to be about, read from its history. */
import type { RunEvent } from '../../server/contract/index.ts';
import type { Workload } from '../scenarios/scenario.ts';
import type { Trial } from './trials.ts';

export interface Begun {
  actor: string;
  /** Null for operations that are about several objects or none. */
  object: string | null;
}

/** By number in the plan. */
export function begunOperations(trial: Trial, workload: Workload): Map<number, Begun> {
  const begun = new Map<number, Begun>();
  const numbers = numbersInOrderOfInvocation(trial);
  for (const event of trial.events) {
    if (!isFirstInvocation(event)) continue;
    const n = numbers.next();
    if (n.done) break;
    const call = { ...event.data, operation: event.type.replace(/\.invoke$/, '') };
    begun.set(n.value, { actor: event.actor, object: workload.objectOf(call) });
  }
  return begun;
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
