/** The only place that listens for keys. */
import { useInput, usePaste } from 'ink';
import { keyName } from './key-name.ts';

/** A key by its name, with the text that it types; '' when it types none. */
export interface Stroke {
  key: string;
  text: string;
}

/** Names no key, so a paste can only be typed into a line. */
const PASTE = 'paste';

/** Hands on what is pressed or pasted. */
export function useKeys(onStroke: (stroke: Stroke) => void): void {
  usePaste((text) => onStroke({ key: PASTE, text }));
  useInput((input, key) => {
    if (key.ctrl && input === 'z') {
      // In raw mode the terminal does not send the signal itself.
      process.kill(process.pid, 'SIGTSTP');
      return;
    }
    const types = !(key.ctrl || key.meta || key.escape || key.return || key.tab);
    // Over a slow line several keys come in one piece; a paste comes marked, and not here.
    if (types && input.length > 1) for (const stroke of strokesOf(input)) onStroke(stroke);
    else onStroke({ key: keyName(input, key), text: types ? input : '' });
  });
}

const NAMES: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u001b': 'escape',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl+c',
  ' ': 'space',
};

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The keys that were pressed, from the text that came of them. */
export function strokesOf(input: string): Stroke[] {
  return [...graphemes.segment(input)].map(({ segment }) => {
    const key = NAMES[segment] ?? segment;
    return { key, text: /\p{Cc}/u.test(segment) ? '' : segment };
  });
}
