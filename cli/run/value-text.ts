/** A value of a failure in words: text as it is, alternatives with `or` between them, anything else as JSON. */
import { safeJson, safeText } from './sanitize.ts';

/** Safe to print. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return safeText(value);
  if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')) {
    return value.map((each) => safeText(each)).join(', or ');
  }
  return safeJson(value ?? null);
}
