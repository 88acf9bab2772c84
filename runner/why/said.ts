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

/** Strings that an ok answer carries on its top level and its call does not: ids that the service gave. */
export function givenIds({ call, reply }: Pick<RecordedRequest, 'call' | 'reply'>): string[] {
  if (reply?.outcome !== 'ok') return [];
  const known = new Set(Object.values(call).map(String));
  return Object.values(reply.value).filter(
    (value): value is string => typeof value === 'string' && !known.has(value),
  );
}
