/** The only place that listens for keys. */
import { useInput } from 'ink';
import { keyName } from './key-name.ts';

/** A key by its name, with the text that it types; '' when it types none. */
export interface Stroke {
  key: string;
  text: string;
}

/** Held keys come together over a slow line. */
const MOST_REPEATS = 50;

/** Hands on what is pressed or pasted. */
export function useKeys(onStroke: (stroke: Stroke) => void): void {
  useInput((input, key) => {
    if (key.ctrl && input === 'z') {
      // In raw mode the terminal does not send the signal itself.
      process.kill(process.pid, 'SIGTSTP');
      return;
    }
    const typed = key.ctrl || key.meta || key.escape || key.return || key.tab ? '' : input;
    const repeats = repeatsOf(typed);
    for (let i = 0; i < repeats; i++) {
      const text = repeats === 1 ? typed : typed.slice(0, 1);
      onStroke({ key: keyName(repeats === 1 ? input : text, key), text });
    }
  });
}

/** How often one key was pressed; other text that comes together is a paste, which is one stroke and no key. */
function repeatsOf(text: string): number {
  if (text.length < 2 || text.length > MOST_REPEATS) return 1;
  return text === text.slice(0, 1).repeat(text.length) ? text.length : 1;
}
