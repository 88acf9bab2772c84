/** What a key means where a why is shown: the same as on a terminal. */

/** A step on or back, or fold and unfold; null for a key that means nothing here, or that belongs to what has the focus. */
export function stepKey(event: KeyboardEvent): 1 | -1 | 'fold' | null {
  if (isOthers(event)) return null;
  return event.key === 'n' ? 1 : event.key === 'p' ? -1 : event.key === 'e' ? 'fold' : null;
}

/** Whether it is this key alone, and belongs to nothing that has the focus. */
export function isKey(event: KeyboardEvent, key: string): boolean {
  return event.key === key && !isOthers(event);
}

function isOthers(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target instanceof Element ? event.target : null;
  return target !== null && target.closest('input, select, textarea, dialog') !== null;
}
