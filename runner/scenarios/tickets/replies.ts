/** What every box office of the reference answers. */
import type { Reply } from '../../public.ts';

export const AVAILABLE = refused('available');
export const ENDED = refused('ended');
export const NOT_HELD = refused('not-held');
export const NOT_OPEN = refused('not-open');
export const NOT_OWNER = refused('not-owner');
export const NOT_SOLD = refused('not-sold');
export const NOT_WAITING = refused('not-waiting');
export const QUOTA = refused('quota');
export const TAKEN = refused('taken');
export const UNPAID = refused('unpaid');

export function ok(value: Record<string, unknown> = {}): Reply {
  return { outcome: 'ok', value };
}

function refused(reason: string): Reply {
  return { outcome: 'refused', reason };
}
