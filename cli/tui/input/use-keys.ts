/** The only place that listens for keys and for the mouse. */
import { useInput, usePaste } from 'ink';
import type { Pointing } from '../paint/target.ts';
import { keyName } from './key-name.ts';
import { useMouse } from './mouse-source.ts';

/** A key by its name, with the text that it types; '' when it types none. */
export interface Stroke {
  key: string;
  text: string;
}

export interface Listeners {
  onStroke: (stroke: Stroke) => void;
  onPoint?: (pointing: Pointing) => void;
}

/** Hands both on as messages of a program. */
export function listenersFor(
  send: (message: ({ type: 'stroke' } & Stroke) | ({ type: 'point' } & Pointing)) => void,
): Listeners {
  return {
    onStroke: (stroke) => send({ type: 'stroke', ...stroke }),
    onPoint: (pointing) => send({ type: 'point', ...pointing }),
  };
}

/** Names no key, so a paste can only be typed into a line. */
const PASTE = 'paste';
/** Of a mouse, behind an escape character that came long before. */
const LATE_REPORT = /^\[<[\d;]+[Mm]$/;

/** Hands on what is pressed or pasted, and what the mouse does where it is listened to. */
export function useKeys({ onStroke, onPoint }: Listeners): void {
  useMouse(onPoint);
  usePaste((text) => onStroke({ key: PASTE, text }));
  useInput((input, key) => {
    if (LATE_REPORT.test(input)) return;
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
