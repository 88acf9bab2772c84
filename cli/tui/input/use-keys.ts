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
    const typed = key.ctrl || key.meta || key.escape || key.return || key.tab ? '' : input;
    onStroke({ key: keyName(input, key), text: typed });
  });
}
