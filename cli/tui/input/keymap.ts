/** The one table of keys: it drives the input, the key bar, the help, and the reference in the README. */
import type { ViewId } from '../state/state.ts';
import type { Intent } from './intents.ts';

/** Where a key means something. `runs` is the list of runs, `campaign` one campaign. */
export type Scope = ViewId | 'runs' | 'campaign';

export interface Binding {
  intent: Intent;
  /** As `keyName` names them. */
  keys: readonly string[];
  /** How the keys are written for people. */
  label: string;
  /** A word for the key bar; without one the key is only in the help. */
  short?: string;
  /** A sentence for the help. */
  help: string;
  /** Left out: everywhere. */
  scopes?: readonly Scope[];
  /** True when it changes something: refused with `--read-only`. */
  changes?: true;
}

const HISTORY: readonly Scope[] = ['events', 'replay'];
const LISTS: readonly Scope[] = ['events', 'forensics', 'checks', 'runs', 'campaign'];
/** All views of a run. */
export const RUN: readonly Scope[] = ['live', 'events', 'forensics', 'replay', 'checks'];

/** The keys that open the views, at the left of the key bar. */
export const VIEW_BINDINGS: readonly Binding[] = [
  {
    intent: 'show-live',
    keys: ['1'],
    label: '1',
    short: 'Live',
    help: 'Charts, metrics and events as they come',
    scopes: RUN,
  },
  { intent: 'show-events', keys: ['2'], label: '2', short: 'Events', help: 'The whole history', scopes: RUN },
  {
    intent: 'show-forensics',
    keys: ['3'],
    label: '3',
    short: 'Forensics',
    help: 'What broke, and why',
    scopes: RUN,
  },
  {
    intent: 'show-replay',
    keys: ['4'],
    label: '4',
    short: 'Replay',
    help: 'The run at any of its events',
    scopes: RUN,
  },
  {
    intent: 'show-checks',
    keys: ['5'],
    label: '5',
    short: 'Checks',
    help: 'Faults, checks and their counts',
    scopes: RUN,
  },
  { intent: 'show-runs', keys: ['6'], label: '6', short: 'Runs', help: 'The list of runs', scopes: RUN },
];

export const BINDINGS: readonly Binding[] = [
  ...VIEW_BINDINGS,
  // Moving about.
  { intent: 'up', keys: ['up', 'k'], label: '↑ k', help: 'Up', scopes: LISTS },
  { intent: 'down', keys: ['down', 'j'], label: '↓ j', help: 'Down', scopes: LISTS },
  { intent: 'left', keys: ['left', 'h'], label: '← h', help: 'One event back', scopes: ['replay'] },
  {
    intent: 'right',
    keys: ['right', 'l'],
    label: '→ l',
    short: 'step',
    help: 'One event on',
    scopes: ['replay'],
  },
  {
    intent: 'left-far',
    keys: ['shift+left', 'H'],
    label: 'Shift ← H',
    help: 'Ten events back',
    scopes: ['replay'],
  },
  {
    intent: 'right-far',
    keys: ['shift+right', 'L'],
    label: 'Shift → L',
    help: 'Ten events on',
    scopes: ['replay'],
  },
  {
    intent: 'page-up',
    keys: ['pageup', 'ctrl+b', 'ctrl+u'],
    label: 'PgUp ^B',
    help: 'A page up',
    scopes: LISTS,
  },
  {
    intent: 'page-down',
    keys: ['pagedown', 'ctrl+f', 'ctrl+d'],
    label: 'PgDn ^F',
    help: 'A page down',
    scopes: LISTS,
  },
  {
    intent: 'page-up',
    keys: ['pageup', 'ctrl+b', 'ctrl+u'],
    label: 'PgUp ^B',
    help: '100 events back',
    scopes: ['replay'],
  },
  {
    intent: 'page-down',
    keys: ['pagedown', 'ctrl+f', 'ctrl+d'],
    label: 'PgDn ^F',
    help: '100 events on',
    scopes: ['replay'],
  },
  {
    intent: 'first',
    keys: ['home', 'g'],
    label: 'Home g',
    help: 'To the beginning',
    scopes: [...LISTS, 'replay'],
  },
  {
    intent: 'last',
    keys: ['end', 'G'],
    label: 'End G',
    help: 'To the end; of a run that goes on: follow it',
    scopes: HISTORY,
  },
  {
    intent: 'last',
    keys: ['end', 'G'],
    label: 'End G',
    help: 'To the end',
    scopes: LISTS.filter((scope) => scope !== 'events'),
  },
  {
    intent: 'previous-incident',
    keys: ['['],
    label: '[',
    help: 'To the previous fault or violation',
    scopes: HISTORY,
  },
  {
    intent: 'next-incident',
    keys: [']'],
    label: ']',
    short: 'fault',
    help: 'To the next fault or violation',
    scopes: HISTORY,
  },
  {
    intent: 'ask-index',
    keys: [':'],
    label: ':',
    short: 'go to',
    help: 'To the event with a number',
    scopes: HISTORY,
  },
  { intent: 'follow', keys: ['F'], label: 'F', help: 'Follow the newest event', scopes: HISTORY },
  // Events.
  {
    intent: 'open',
    keys: ['enter'],
    label: 'Enter',
    short: 'open',
    help: 'Open or close the event: request, answer, interval, what overlapped it',
    scopes: ['events'],
  },
  {
    intent: 'ask-filter',
    keys: ['f', '&'],
    label: 'f',
    short: 'filter',
    help: 'Show only what matches: words, slot:003 by:017 type:book.ok op:12',
    scopes: ['events'],
  },
  {
    intent: 'ask-search',
    keys: ['/'],
    label: '/',
    short: 'search',
    help: 'Search on from here',
    scopes: ['events'],
  },
  { intent: 'search-next', keys: ['n'], label: 'n', help: 'The next match', scopes: ['events'] },
  { intent: 'search-previous', keys: ['N'], label: 'N', help: 'The previous match', scopes: ['events'] },
  { intent: 'only-citizen', keys: ['c'], label: 'c', help: 'Only this citizen', scopes: ['events'] },
  { intent: 'only-slot', keys: ['s'], label: 's', help: 'Only this slot', scopes: ['events'] },
  { intent: 'only-operation', keys: ['o'], label: 'o', help: 'Only this operation', scopes: ['events'] },
  { intent: 'only-type', keys: ['t'], label: 't', help: 'Only this type', scopes: ['events'] },
  {
    intent: 'other-half',
    keys: ['tab', 'x'],
    label: 'Tab x',
    help: "The operation's other half: its request or its answer",
    scopes: ['events'],
  },
  {
    intent: 'replay-here',
    keys: ['r'],
    label: 'r',
    short: 'replay',
    help: 'The city at this event, in Replay',
    scopes: ['events', 'forensics'],
  },
  // Forensics.
  {
    intent: 'switch-tab',
    keys: ['tab'],
    label: 'Tab',
    short: 'bundle',
    help: 'The story, or the whole bundle as a tree',
    scopes: ['forensics'],
  },
  {
    intent: 'open',
    keys: ['enter', 'left', 'right', 'l', 'h'],
    label: 'Enter ← →',
    help: 'Fold or unfold a branch of the tree',
    scopes: ['forensics'],
  },
  {
    intent: 'ask-save',
    keys: ['w'],
    label: 'w',
    short: 'save',
    help: 'Save the bundle to a file',
    scopes: ['forensics'],
  },
  {
    intent: 'verify',
    keys: ['v'],
    label: 'v',
    short: 'verify',
    help: 'Execute the seed again and compare (replay --verify)',
    scopes: ['forensics'],
    changes: true,
  },
  {
    intent: 'shrink',
    keys: ['x'],
    label: 'x',
    short: 'shrink',
    help: 'Find the smallest reproduction (shrink)',
    scopes: ['forensics'],
    changes: true,
  },
  {
    intent: 'copy',
    keys: ['y'],
    label: 'y',
    short: 'copy',
    help: 'Copy the command that reproduces the failure',
    scopes: ['forensics', 'campaign'],
  },
  {
    intent: 'why-next',
    keys: ['n'],
    label: 'n',
    short: 'next',
    help: 'The next step of why it broke, with the city beside',
    scopes: ['forensics'],
  },
  {
    intent: 'why-previous',
    keys: ['p'],
    label: 'p',
    help: 'The step of why it broke before this one',
    scopes: ['forensics'],
  },
  {
    intent: 'unfold',
    keys: ['e'],
    label: 'e',
    short: 'all',
    help: 'Unfold what does not matter, or fold it again',
    scopes: ['forensics'],
  },
  // Replay.
  {
    intent: 'toggle-play',
    keys: ['space'],
    label: 'space',
    short: 'play',
    help: 'Play or hold',
    scopes: ['replay'],
  },
  { intent: 'faster', keys: ['+', '='], label: '+', help: 'Play faster', scopes: ['replay'] },
  { intent: 'slower', keys: ['-', '_'], label: '-', help: 'Play slower', scopes: ['replay'] },
  {
    intent: 'ask-compare',
    keys: ['c'],
    label: 'c',
    short: 'compare',
    help: 'Put another run beside this one',
    scopes: ['replay'],
  },
  {
    intent: 'to-parting',
    keys: ['d'],
    label: 'd',
    help: 'To the first event in which the two runs differ',
    scopes: ['replay'],
  },
  { intent: 'open', keys: ['enter'], label: 'Enter', help: 'This event in Events', scopes: ['replay'] },
  // The list of runs.
  {
    intent: 'open',
    keys: ['enter'],
    label: 'Enter',
    short: 'watch',
    help: 'Watch the run',
    scopes: ['runs'],
  },
  {
    intent: 'next-status',
    keys: ['f'],
    label: 'f',
    short: 'state',
    help: 'Only the runs in the next state',
    scopes: ['runs'],
  },
  {
    intent: 'ask-search',
    keys: ['/'],
    label: '/',
    short: 'filter',
    help: 'Only the runs that match as it is typed: words, #12, target:postgres bug:phantom why:overbooking',
    scopes: ['runs'],
  },
  {
    intent: 'next-order',
    keys: ['o'],
    label: 'o',
    short: 'order',
    help: 'Sort by the next column',
    scopes: ['runs'],
  },
  {
    intent: 'launch',
    keys: ['n'],
    label: 'n',
    short: 'new',
    help: 'Launch a run by a form',
    scopes: ['runs'],
    changes: true,
  },
  {
    intent: 'launch-again',
    keys: ['a'],
    label: 'a',
    short: 'again',
    help: 'Launch this run again with another seed, by the form',
    scopes: ['live', 'runs'],
    changes: true,
  },
  {
    intent: 'mark',
    keys: ['space'],
    label: 'space',
    help: 'Mark the run for a comparison',
    scopes: ['runs'],
  },
  {
    intent: 'compare-marked',
    keys: ['c'],
    label: 'c',
    short: 'compare',
    help: 'Compare the run with the marked one',
    scopes: ['runs'],
  },
  {
    intent: 'show-campaign',
    keys: ['C'],
    label: 'C',
    help: 'The campaign of the run, or the newest: its progress and its distinct failures',
    scopes: ['live', 'runs'],
  },
  {
    intent: 'open',
    keys: ['enter'],
    label: 'Enter',
    short: 'watch',
    help: 'The recorded run of the failure, in mission control',
    scopes: ['campaign'],
  },
  {
    intent: 'ask-stop',
    keys: ['s'],
    label: 's',
    short: 'stop',
    help: 'Stop the campaign (asks first); --resume goes on with it',
    scopes: ['campaign'],
  },
  // Everywhere.
  {
    intent: 'ask-stop',
    keys: ['s'],
    label: 's',
    short: 'stop',
    help: 'Stop the run gracefully (asks first)',
    scopes: ['live', 'checks', 'runs'],
    changes: true,
  },
  {
    intent: 'toggle-pause',
    keys: ['space'],
    label: 'space',
    short: 'pause',
    help: 'Freeze the picture; the run goes on',
    scopes: ['live', 'checks'],
  },
  { intent: 'toggle-help', keys: ['?'], label: '?', short: 'help', help: 'This help' },
  { intent: 'dismiss', keys: ['escape'], label: 'Esc', help: 'Close what is open, or go back' },
  { intent: 'quit', keys: ['q'], label: 'q', short: 'quit', help: 'Leave' },
  {
    intent: 'interrupt',
    keys: ['ctrl+c'],
    label: 'Ctrl-C',
    help: 'Leave; a run started here is stopped first (again: at once)',
    scopes: RUN,
  },
  { intent: 'interrupt', keys: ['ctrl+c'], label: 'Ctrl-C', help: 'Leave', scopes: ['runs'] },
  {
    intent: 'interrupt',
    keys: ['ctrl+c'],
    label: 'Ctrl-C',
    help: 'Stop the campaign and leave (again: at once); --resume goes on',
    scopes: ['campaign'],
  },
];

/** The keys while a question is open. Everything else but Ctrl-C answers no. */
export const ANSWERS: readonly Binding[] = [
  { intent: 'confirm', keys: ['y', 'Y'], label: 'y', short: 'yes', help: 'Yes' },
  { intent: 'dismiss', keys: ['n', 'N', 'q', 'escape'], label: 'n', short: 'no', help: 'No' },
];

/** The keys while a line is typed. */
export const TYPING: readonly Binding[] = [
  { intent: 'submit', keys: ['enter'], label: 'Enter', short: 'ok', help: 'Take the line' },
  { intent: 'dismiss', keys: ['escape'], label: 'Esc', short: 'cancel', help: 'Leave it' },
];

/** The keys that mean something in `scope`, in the table's order. */
export function bindingsOf(scope: Scope): readonly Binding[] {
  return BINDINGS.filter(({ scopes }) => scopes === undefined || scopes.includes(scope));
}

/** What is open on top of a view. */
export type Mode = 'keys' | 'question' | 'typing';

const INTERRUPT = BINDINGS.filter(({ intent }) => intent === 'interrupt');

/** The binding of a key; undefined when it means nothing here. */
export function bindingOf(scope: Scope, mode: Mode, key: string): Binding | undefined {
  const table =
    mode === 'question'
      ? [...ANSWERS, ...INTERRUPT]
      : mode === 'typing'
        ? [...TYPING, ...INTERRUPT]
        : bindingsOf(scope);
  return table.find(({ keys }) => keys.includes(key));
}
