/** The only place that listens for keys. */
import { useInput } from 'ink';
import { keyName } from './key-name.ts';

/** A key by its name, with the text that it types; '' when it types none. */
export interface Stroke {
  key: string;
  text: string;
}

/** Hands on what is pressed or pasted. */
export function useKeys(onStroke: (stroke: Stroke) => void): void {
  useInput((input, key) => {
    // In raw mode the terminal does not send the signal for Ctrl-Z itself.
    if (key.ctrl && input === 'z') {
      process.kill(process.pid, 'SIGTSTP');
      return;
    }
    const typed = key.ctrl || key.meta || key.escape || key.return || key.tab ? '' : input;
    onStroke({ key: keyName(input, key), text: typed });
  });
}
