/** An operation put together from its events: request, answer, and what overlapped it. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { missingPages } from '../../run/pages.ts';
import { AROUND_OPENED } from './needs.ts';
import { knownEvent } from './selectors.ts';
import type { State } from './state.ts';

export interface Operation {
  op: number;
  invoke: RunEvent | null;
  completion: RunEvent | null;
}

/** Operations around the event that are loaded, by number. */
function operationsAround(state: State, index: number): Map<number, Operation> {
  const found = new Map<number, Operation>();
  const last = Math.min(state.data.eventIndex, index + AROUND_OPENED);
  for (let at = Math.max(0, index - AROUND_OPENED); at <= last; at++) {
    const event = knownEvent(state, at);
    const op = event?.data['op'];
    const phase = event?.type.split('.')[1];
    if (event === undefined || typeof op !== 'number' || phase === undefined) continue;
    const known = found.get(op) ?? { op, invoke: null, completion: null };
    found.set(op, phase === 'invoke' ? { ...known, invoke: event } : { ...known, completion: event });
  }
  return found;
}

export interface OpenedOperation {
  own: Operation;
  /** Those that overlapped it, by the time they began. */
  overlaps: Operation[];
  /** False while events around it are not loaded yet, so that more may have overlapped it, or less. */
  isWhole: boolean;
}

/** The operation of an event; null for events of none. */
export function operationOf(state: State, event: RunEvent): OpenedOperation | null {
  const op = event.data['op'];
  if (typeof op !== 'number' || !event.type.includes('.')) return null;
  const around = operationsAround(state, event.index);
  const own = around.get(op);
  if (own === undefined) return null;
  const from = own.invoke?.index ?? event.index;
  const to = own.completion?.index ?? event.index;
  const overlaps = [...around.values()].filter(
    (each) => each.op !== op && begin(each) < to && end(each) > from,
  );
  const [first, last] = [event.index - AROUND_OPENED, event.index + AROUND_OPENED];
  const isWhole = missingPages(state.pages, first, last, state.data.eventIndex).length === 0;
  return { own, overlaps: overlaps.sort((a, b) => begin(a) - begin(b)), isWhole };
}

function begin({ invoke }: Operation): number {
  return invoke?.index ?? Number.NEGATIVE_INFINITY;
}

function end({ completion }: Operation): number {
  return completion?.index ?? Number.POSITIVE_INFINITY;
}
