/** What every house of the reference is asked to take, and answers. */
import type { Reply } from '../../public.ts';
import type { Range } from './calls.ts';

/** One booking that is to be made. */
export interface Wanted extends Range {
  readonly booking: string;
  readonly resource: string;
  /** Null: any. */
  readonly unit: number | null;
}

export const TAKEN: Reply = { outcome: 'refused', reason: 'taken' };
export const EMPTY: Reply = { outcome: 'refused', reason: 'empty-range' };
export const UNKNOWN: Reply = { outcome: 'refused', reason: 'no-such-booking' };

export function ok(value: Record<string, unknown>): Reply {
  return { outcome: 'ok', value };
}
