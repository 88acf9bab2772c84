/** The only place that listens for keys. */
import { useInput } from 'ink';
import type { Intent } from '../state/reducer.ts';
import type { State } from '../state/state.ts';
import { intentOf } from './keymap.ts';

/** Turns key presses into intents. A paste is no key press and means nothing. */
export function useKeys(state: State, onIntent: (intent: Intent) => void): void {
  useInput((input, key) => {
    const intent = intentOf(state, { input, ctrl: key.ctrl, escape: key.escape, return: key.return });
    if (intent !== null) onIntent(intent);
  });
}
