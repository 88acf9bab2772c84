/** What the header `Retry-After` says, for whoever is refused for now. */

/**
 * After how many ms from `nowMs` (of the wall clock) it may be asked again, by seconds or by an HTTP date
 * (RFC 9110, 10.2.3); null where the header says nothing that can be understood.
 */
export function retryAfterMs(header: string | undefined, nowMs: number = Date.now()): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  // A date has a name in it, such as that of the month; Date.parse alone would take '-1' for a year.
  const atMs = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
