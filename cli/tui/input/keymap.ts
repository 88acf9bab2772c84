/** The one table of keys: it drives the input, the key bar and the help. */
import type { Intent } from '../state/reducer.ts';
import type { State } from '../state/state.ts';

/** A key press as the terminal library tells it, as far as it matters here. */
export interface KeyPress {
  /** The character, or '' for keys that have none. */
  input: string;
  ctrl: boolean;
  escape: boolean;
  return: boolean;
}

export interface Binding {
  intent: Intent;
  /** How the key is written for people. */
  label: string;
  /** A word for the key bar; without one the key is only in the help. */
  short?: string;
  /** A sentence for the help. */
  help: string;
  matches: (key: KeyPress) => boolean;
}

const character =
  (...wanted: string[]) =>
  (key: KeyPress) =>
    !key.ctrl && wanted.includes(key.input);

export const BINDINGS: readonly Binding[] = [
  {
    intent: 'show-live',
    label: '1',
    short: 'Live',
    help: 'Live: charts, metrics and events as they come',
    matches: character('1'),
  },
  {
    intent: 'ask-stop',
    label: 's',
    short: 'stop',
    help: 'Stop the run gracefully (asks first)',
    matches: character('s'),
  },
  {
    intent: 'toggle-pause',
    label: 'space',
    short: 'pause',
    help: 'Freeze the picture; the run goes on',
    matches: character(' '),
  },
  { intent: 'toggle-help', label: '?', short: 'help', help: 'This help', matches: character('?', 'h') },
  {
    intent: 'dismiss',
    label: 'Esc',
    help: 'Close what is open',
    matches: (key) => key.escape,
  },
  { intent: 'quit', label: 'q', short: 'quit', help: 'Leave', matches: character('q') },
  {
    intent: 'interrupt',
    label: 'Ctrl-C',
    help: 'In run: stop the run and leave; again: leave at once. In watch: leave',
    matches: (key) => key.ctrl && key.input === 'c',
  },
];

/** The keys while a question is open. Everything else but Ctrl-C answers no. */
export const ANSWERS: readonly Binding[] = [
  {
    intent: 'confirm',
    label: 'y',
    short: 'yes',
    help: 'Yes',
    matches: (key) => character('y', 'Y')(key),
  },
  {
    intent: 'dismiss',
    label: 'n',
    short: 'no',
    help: 'No',
    matches: (key) => key.escape || character('n', 'N', 'q')(key),
  },
];

/** What a key asks for in this state; null when it means nothing here. */
export function intentOf(state: Pick<State, 'overlay'>, key: KeyPress): Intent | null {
  const asking = state.overlay === 'confirm-stop' || state.overlay === 'confirm-quit';
  const table = asking ? [...ANSWERS, ...BINDINGS.filter((each) => each.intent === 'interrupt')] : BINDINGS;
  return table.find((binding) => binding.matches(key))?.intent ?? null;
}
