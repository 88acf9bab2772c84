/** A line that the user types: a filter, a search, an index, a file name, a run. */

export type InputPurpose = 'filter' | 'search' | 'index' | 'save' | 'compare';

export interface TextInput {
  purpose: InputPurpose;
  text: string;
  /** What is wrong with it, until the next key. */
  error: string | null;
}

/** What a key does to the line. `text` may be a paste. */
export type Typing = { do: 'insert'; text: string } | { do: 'rub-out' } | { do: 'clear' };

const LONGEST = 200;

/** Null for a key that types nothing. */
export function typingOf(key: string, text: string): Typing | null {
  if (key === 'backspace') return { do: 'rub-out' };
  if (key === 'ctrl+u') return { do: 'clear' };
  return text === '' ? null : { do: 'insert', text };
}

export function type(input: TextInput, typing: Typing): TextInput {
  return { ...input, text: typed(input.text, typing), error: null };
}

/** The text of a line after what was typed. */
export function typed(text: string, typing: Typing): string {
  switch (typing.do) {
    case 'insert':
      // Line feeds of a paste would end the line, other control characters mean nothing in it.
      return (text + typing.text.replace(/\p{Cc}+/gu, ' ')).slice(0, LONGEST);
    case 'rub-out':
      return [...text].slice(0, -1).join('');
    case 'clear':
      return '';
  }
}
