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

export function type(input: TextInput, typing: Typing): TextInput {
  switch (typing.do) {
    case 'insert':
      // Line feeds of a paste would end the line, other control characters mean nothing in it.
      return {
        ...input,
        text: (input.text + typing.text.replace(/\p{Cc}+/gu, ' ')).slice(0, LONGEST),
        error: null,
      };
    case 'rub-out':
      return { ...input, text: [...input.text].slice(0, -1).join(''), error: null };
    case 'clear':
      return { ...input, text: '', error: null };
  }
}
