/** An operation put together from its events: request, answer, and what overlapped it. */
import type { RunEvent } from '../../server/contract/index.ts';
import { formatClock, formatNumber } from './format.ts';
import { type Matcher, parseMatcher } from './matcher.ts';

export interface Operation {
  op: number;
  invoke: RunEvent | null;
  completion: RunEvent | null;
}

export interface OpenedOperation {
  own: Operation;
  /** Those that overlapped it, by the time they began. */
  overlaps: readonly Operation[];
}

/** Events on either side of an opened one among which its other half and what overlapped it are looked for. */
export const AROUND_OPENED = 400;

/** The operation of an event, told from the events `around` it, in order; null for events of none. */
export function operationOf(event: RunEvent, around: Iterable<RunEvent>): OpenedOperation | null {
  const { op } = event.data;
  if (typeof op !== 'number') return null;
  const found = operationsAmong(around);
  const own = found.get(op);
  if (own === undefined) return null;
  const from = own.invoke?.index ?? event.index;
  const to = own.completion?.index ?? event.index;
  const overlaps = [...found.values()].filter(
    (each) => each.op !== op && begin(each) < to && end(each) > from,
  );
  return { own, overlaps: overlaps.sort((a, b) => begin(a) - begin(b)) };
}

function operationsAmong(events: Iterable<RunEvent>): Map<number, Operation> {
  const found = new Map<number, Operation>();
  for (const event of events) {
    const { op } = event.data;
    const phase = event.type.split('.')[1];
    if (typeof op !== 'number' || phase === undefined) continue;
    const known = found.get(op) ?? { op, invoke: null, completion: null };
    found.set(op, phase === 'invoke' ? { ...known, invoke: event } : { ...known, completion: event });
  }
  return found;
}

function begin({ invoke }: Operation): number {
  return invoke?.index ?? Number.NEGATIVE_INFINITY;
}

function end({ completion }: Operation): number {
  return completion?.index ?? Number.POSITIVE_INFINITY;
}

/** What to look for, and which way, from a request to its answer and back; null: the event has no other half. */
export function otherHalf({ data: { op }, type }: RunEvent): { matcher: Matcher; step: 1 | -1 } | null {
  const [operation, phase] = type.split('.');
  if (typeof op !== 'number' || phase === undefined) return null;
  const isRequest = phase === 'invoke';
  const matcher = parseMatcher(`op:${op} type:${operation}.${isRequest ? '' : 'invoke'}`);
  return matcher === null ? null : { matcher, step: isRequest ? 1 : -1 };
}

/** From when to when it was under way: `00:01.250 (event 12) to 00:01.275 (event 19), 25 ms`. */
export function intervalWords({ invoke, completion }: Operation): string {
  const at = (each: RunEvent | null) =>
    each === null ? '?' : `${formatClock(each.virtualMs, 3)} (event ${formatNumber(each.index)})`;
  const took =
    invoke !== null && completion !== null
      ? `, ${Math.round((completion.virtualMs - invoke.virtualMs) * 1_000) / 1_000} ms`
      : '';
  return `${at(invoke)} to ${at(completion)}${took}`;
}

/** How many operations overlapped it. */
export function overlapWords({ overlaps }: OpenedOperation): string {
  return overlaps.length === 0 ? 'Nothing overlapped it' : `${overlaps.length} overlapped it`;
}

/** Said of what is not there and may be among events that are not loaded. */
export const AS_FAR_AS_LOADED = 'as far as is loaded';
