/** Requests and answers in a few words, for sentences of an explanation. */
import type { Call, Reply } from '../service/call.ts';
import type { RecordedRequest } from './findings.ts';

/** `book slot-003 citizen-004 k-48`. */
export function asked({ call }: Pick<RecordedRequest, 'call'>): string {
  const { operation, ...rest } = call;
  return [operation, ...Object.values(rest).filter((value) => typeof value !== 'object')].join(' ');
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
