/** What an answer says, in a few words: for the diagrams of intervals. */
import type { JsonObject } from '../../server/contract/run.ts';
import { safeJson, safeText } from './sanitize.ts';

/**
 * The booking, the reason, or its JSON as `shorten` makes it. Always safe to print.
 * @param object of an answer about many objects only this one is told
 */
export function describeAnswer(
  value: unknown,
  object: string | null,
  shorten: (json: string) => string,
): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return safeText(String(value));
  const { booking, reason, cause, bookings, op: _, slot: __, latencyMs: ___, ...rest } = value as JsonObject;
  const short = [booking, reason, cause].find((each) => typeof each === 'string');
  if (typeof short === 'string') return safeText(short);
  if (Array.isArray(bookings)) return `${bookings.length} booked`;
  if (typeof bookings === 'number') return `${bookings} booked`;
  const own = Array.isArray(rest['slots']) ? rest['slots'].find((slot) => isNamed(slot, object)) : undefined;
  if (own !== undefined) return describeAnswer(own, null, shorten);
  const text = safeJson(rest);
  return text === '{}' ? '' : shorten(text);
}

function isNamed(slot: unknown, object: string | null): boolean {
  return typeof slot === 'object' && slot !== null && (slot as JsonObject)['id'] === object;
}
