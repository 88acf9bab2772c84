/** Requests and answers in a few words, for sentences of an explanation. */
import type { Call, Reply } from '../service/call.ts';
import { inShort } from '../service/in-short.ts';
import type { RecordedRequest } from './findings.ts';

/** `book citizen-004 slot-003 k-48`: as its lane is headed. */
export function asked(request: Pick<RecordedRequest, 'call' | 'actor'>): string {
  return `${request.call.operation} ${callWords(request)}`;
}

/** `citizen-004 slot-001 k-48`: who asks, said once. */
export function callWords({ call, actor }: Pick<RecordedRequest, 'call' | 'actor'>): string {
  const { operation: _, ...arguments_ } = call;
  const words = Object.values(arguments_).map((value) =>
    typeof value === 'object' ? inShort(value) : String(value),
  );
  return [...new Set([actor, ...words])].join(' ').slice(0, 200);
}

export function told(reply: Reply | null): string {
  if (!reply) return 'nothing';
  if (reply.outcome === 'ok') return 'ok';
  return reply.outcome === 'refused' ? reply.reason : reply.error;
}

export function numbered(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The same arguments, whatever their order. */
export function isSameCall(a: Call, b: Call): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}

/** Strings that an ok answer carries on its top level and its call does not: ids that the service gave. A word, as of a state, is none. */
export function givenIds({ call, reply }: Pick<RecordedRequest, 'call' | 'reply'>): string[] {
  if (reply?.outcome !== 'ok') return [];
  const known = new Set(Object.values(call).map(String));
  return Object.values(reply.value).filter(
    (value): value is string => typeof value === 'string' && /\d/.test(value) && !known.has(value),
  );
}

/** Rows of an answer that are shown one by one. */
const MOST_ROWS = 4;

/** An answer in words, without what its call said already: `b-1`, `open false, bookings: b-1, b-2`, `slot-full`. */
export function answered(
  { call, reply }: Pick<RecordedRequest, 'call' | 'reply'>,
  object: string | null,
): string {
  if (!reply) return 'nothing';
  if (reply.outcome !== 'ok') return told(reply);
  const asks = new Set(Object.values(call).map(String));
  const values = Object.entries(reply.value).filter(([, value]) => !asks.has(String(value)));
  if (values.length === 0) return 'ok';
  const [[, only] = []] = values;
  if (values.length === 1 && typeof only === 'string') return only;
  // Which rows there are says more than what each row is like.
  values.sort(([, a], [, b]) => Number(Array.isArray(b)) - Number(Array.isArray(a)));
  return values
    .map(([name, value]) => fieldWords(name, value, object))
    .join(', ')
    .slice(0, 300);
}

function fieldWords(name: string, value: unknown, object: string | null): string {
  if (!Array.isArray(value)) return `${name} ${inShort(value)}`;
  const own = object === null ? undefined : value.find((row) => idOf(row) === object);
  if (own !== undefined) return `${object}: ${rowWords(own)}`;
  if (value.length === 0) return `no ${name}`;
  const shown = value.slice(0, MOST_ROWS).map((row) => idOf(row) ?? inShort(row));
  return `${name}: ${shown.join(', ')}${value.length > MOST_ROWS ? ` and ${value.length - MOST_ROWS} more` : ''}`;
}

function idOf(row: unknown): string | null {
  const id = (row as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : null;
}

function rowWords(row: object): string {
  return Object.entries(row)
    .filter(([name]) => name !== 'id')
    .map(([name, value]) => fieldWords(name, value, null))
    .join(', ');
}
