/** The operation of an event that is opened, from what is loaded around it. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { AROUND_OPENED, type OpenedOperation, operationOf } from '../../run/operation.ts';
import { missingPages } from '../../run/pages.ts';
import { knownEvent } from './selectors.ts';
import type { State } from './state.ts';

/** `isWhole`: false while events around it are not loaded yet, so that more may have overlapped it, or less. */
export function openedOperation(
  state: State,
  event: RunEvent,
): (OpenedOperation & { isWhole: boolean }) | null {
  // The fault that struck an operation and its statements name it, and are opened for themselves.
  if (!event.type.includes('.')) return null;
  const newest = state.data.eventIndex;
  const [first, last] = [event.index - AROUND_OPENED, event.index + AROUND_OPENED];
  const around: RunEvent[] = [];
  for (let at = Math.max(0, first); at <= Math.min(newest, last); at++) {
    const known = knownEvent(state, at);
    if (known !== undefined) around.push(known);
  }
  const opened = operationOf(event, around);
  return opened && { ...opened, isWhole: missingPages(state.pages, first, last, newest).length === 0 };
}
