/** The keys of the page: one listener for all, and tables of what they do, which the help shows. */
import { useEffect, useRef } from 'preact/hooks';

export interface Binding<Intent extends string = string> {
  intent: Intent;
  /** As `keyName` names them. */
  keys: readonly string[];
  /** How the keys are written for people. */
  label: string;
  /** A sentence for the help. */
  help: string;
}

interface Heard {
  bindings: readonly Binding[];
  act: (intent: string) => unknown;
}

type Pressed = Pick<
  KeyboardEvent,
  'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'defaultPrevented' | 'target'
>;

/** Who listens by now, the outermost last. */
const heard: Heard[] = [];

/**
 * Calls `act` for the keys of `bindings` as long as the component is there and `isHeard`. With `false` it says that
 * the key means nothing now, and leaves it to the browser.
 */
export function useKeys<Intent extends string>(
  bindings: readonly Binding<Intent>[],
  act: (intent: Intent) => unknown,
  isHeard = true,
): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!isHeard) return;
    const own: Heard = { bindings, act: (intent) => latest.current(intent as Intent) };
    heard.push(own);
    return () => void heard.splice(heard.indexOf(own), 1);
  }, [bindings, isHeard]);
}

/** How the key of `intent` is written. */
export function labelOf<Intent extends string>(
  bindings: readonly Binding<Intent>[],
  intent: Intent,
): string | undefined {
  return bindings.find((binding) => binding.intent === intent)?.label;
}

/** `Shift+ArrowLeft` for a key that is no character, or else the character. */
export function keyName({ key, shiftKey }: Pick<Pressed, 'key' | 'shiftKey'>): string {
  return shiftKey && key.length > 1 ? `Shift+${key}` : key;
}

/** The intent of a key among `bindings`; undefined: it means nothing there. */
export function intentOf<Intent extends string>(
  bindings: readonly Binding<Intent>[],
  key: string,
): Intent | undefined {
  return bindings.find(({ keys }) => keys.includes(key))?.intent;
}

/** Whether the key is the browser's, or belongs to what has the focus. */
function isOthers(event: Pressed): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented)
    return true;
  const target = event.target instanceof Element ? event.target : null;
  // Where somebody types, or chooses from a list, keys are theirs.
  if (target?.closest('input:not([type=range]), select, textarea, dialog')) return true;
  return event.key === ' ' && target?.closest('button, summary, a') !== null && target !== null;
}

document.addEventListener('keydown', (event) => {
  if (isOthers(event)) return;
  for (const { bindings, act } of heard) {
    const intent = intentOf(bindings, keyName(event));
    if (intent === undefined || act(intent) === false) continue;
    event.preventDefault();
    return;
  }
});
