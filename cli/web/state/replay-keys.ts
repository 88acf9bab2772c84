/** What a key means in the replay: the same as on a terminal. */

export type KeyMove =
  | { do: 'step'; by: number }
  | { do: 'first' | 'last' | 'ask' | 'play' | 'cancel' }
  | { do: 'seek'; step: 1 | -1 }
  | { do: 'speed'; by: 1 | -1 };

type Pressed = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>;

/** Null for a key that means nothing here, or that belongs to what has the focus. */
export function keyMove(event: Pressed): KeyMove | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const target = event.target instanceof Element ? event.target : null;
  // Where somebody types, or chooses from a list, keys are theirs.
  if (target?.matches('input:not([type=range]), select, textarea')) return null;
  if (event.key === ' ' && target?.matches('button, summary, a')) return null;
  return MOVES[event.key]?.(event.shiftKey) ?? null;
}

const MOVES: Readonly<Record<string, (shift: boolean) => KeyMove>> = {
  ArrowLeft: (shift) => ({ do: 'step', by: shift ? -10 : -1 }),
  ArrowRight: (shift) => ({ do: 'step', by: shift ? 10 : 1 }),
  h: () => ({ do: 'step', by: -1 }),
  l: () => ({ do: 'step', by: 1 }),
  H: () => ({ do: 'step', by: -10 }),
  L: () => ({ do: 'step', by: 10 }),
  PageUp: () => ({ do: 'step', by: -100 }),
  PageDown: () => ({ do: 'step', by: 100 }),
  Home: () => ({ do: 'first' }),
  g: () => ({ do: 'first' }),
  End: () => ({ do: 'last' }),
  G: () => ({ do: 'last' }),
  F: () => ({ do: 'last' }),
  '[': () => ({ do: 'seek', step: -1 }),
  ']': () => ({ do: 'seek', step: 1 }),
  ':': () => ({ do: 'ask' }),
  ' ': () => ({ do: 'play' }),
  '+': () => ({ do: 'speed', by: 1 }),
  '-': () => ({ do: 'speed', by: -1 }),
  Escape: () => ({ do: 'cancel' }),
};
