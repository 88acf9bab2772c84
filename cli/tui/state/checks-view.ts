/** What keys do in the Checks view. */
import type { Intent } from '../input/intents.ts';
import { moved } from './moves.ts';
import type { State } from './state.ts';

/** More lines than any run has checks and faults. */
const LONGEST = 500;

/** Null when the intent means nothing here. */
export function checksIntent(state: State, intent: Intent): State | null {
  const to = moved(state.checksScroll, intent, state.size.rows - 6, LONGEST);
  if (to === null) return null;
  return { ...state, checksScroll: intent === 'last' ? 0 : to };
}
