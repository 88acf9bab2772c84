/** The only place that listens for keys and for the mouse. */
import { useInput, usePaste } from 'ink';
import { useRef } from 'react';
import { useHits } from '../paint/pane.tsx';
import type { Pointing } from '../paint/target.ts';
import { keyName } from './key-name.ts';
import { createMouseReader, type MouseReport } from './mouse.ts';

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

/** Hands on what is pressed or pasted, and what the mouse does where it is listened to. */
export function useKeys({ onStroke, onPoint }: Listeners): void {
  const readMouse = useRef(createMouseReader()).current;
  const point = usePointing(onPoint);
  usePaste((text) => onStroke({ key: PASTE, text }));
  useInput((typed, key) => {
    const { reports, rest: input } = readMouse(typed);
    for (const report of reports) point(report);
    if (typed !== '' && input === '') return;
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

/** A drag stays with the row in which it began, so that a hand need not be steady. */
function usePointing(onPoint: Listeners['onPoint']): (report: MouseReport) => void {
  const hits = useHits();
  const pressed = useRef(0);
  return ({ what, column, row }) => {
    if (hits === null || onPoint === undefined) return;
    if (what === 'press') pressed.current = row;
    onPoint({ what, ...hits(column, what === 'drag' ? pressed.current : row) });
  };
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
