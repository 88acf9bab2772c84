/** One name for each key, from what the terminal library tells. */

/** A key press as far as it matters here. */
export interface KeyPress {
  upArrow: boolean;
  downArrow: boolean;
  leftArrow: boolean;
  rightArrow: boolean;
  pageUp: boolean;
  pageDown: boolean;
  home: boolean;
  end: boolean;
  return: boolean;
  escape: boolean;
  tab: boolean;
  backspace: boolean;
  delete: boolean;
  ctrl: boolean;
  shift: boolean;
  meta: boolean;
}

const NAMED: readonly [keyof KeyPress, string][] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

/** `up`, `shift+left`, `ctrl+c`, `space`, or the character; a paste is the text itself, which names no key. */
export function keyName(input: string, key: KeyPress): string {
  const named = NAMED.find(([flag]) => key[flag]);
  if (named !== undefined) return key.shift ? `shift+${named[1]}` : named[1];
  if (input === ' ') return 'space';
  if (key.ctrl) return `ctrl+${input.toLowerCase()}`;
  return key.meta ? `alt+${input}` : input;
}
