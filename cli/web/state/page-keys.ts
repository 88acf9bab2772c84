/** What a key means on the page, in its list of runs, and wherever a run is open: the same as on a terminal. */
import type { Binding } from './keys.ts';
import type { View } from './route.ts';

export const PAGE_KEYS: readonly Binding<'toggle-help'>[] = [
  { intent: 'toggle-help', keys: ['?'], label: '?', help: 'This help; Esc closes what is open' },
];

export type ListIntent = 'down' | 'up' | 'ask-search' | 'launch';

export const LIST_KEYS: readonly Binding<ListIntent>[] = [
  { intent: 'down', keys: ['j'], label: 'j', help: 'The next run; Enter opens it' },
  { intent: 'up', keys: ['k'], label: 'k', help: 'The run before' },
  { intent: 'ask-search', keys: ['/'], label: '/', help: 'Only the runs that match as it is typed' },
  { intent: 'launch', keys: ['n'], label: 'n', help: 'Launch a run by a form' },
];

export type ViewIntent = `show-${View | 'runs'}`;

export const VIEW_KEYS: readonly Binding<ViewIntent>[] = [
  { intent: 'show-live', keys: ['1'], label: '1', help: 'Charts, metrics and events as they come' },
  {
    intent: 'show-events',
    keys: ['2'],
    label: '2',
    help: 'The whole history: filter, search, open an operation',
  },
  { intent: 'show-forensics', keys: ['3'], label: '3', help: 'What broke, and why' },
  { intent: 'show-replay', keys: ['4'], label: '4', help: 'The run at any of its events' },
  { intent: 'show-checks', keys: ['5'], label: '5', help: 'Faults, checks and their counts' },
  { intent: 'show-runs', keys: ['6'], label: '6', help: 'The list of runs' },
];

export type LiveIntent = 'toggle-pause' | 'ask-stop' | 'launch-again';

export const LIVE_KEYS: readonly Binding<LiveIntent>[] = [
  { intent: 'toggle-pause', keys: [' '], label: 'space', help: 'Freeze the picture; the run goes on' },
  { intent: 'ask-stop', keys: ['s'], label: 's', help: 'Stop the run gracefully (asks first)' },
  { intent: 'launch-again', keys: ['a'], label: 'a', help: 'Launch this run again, by the form' },
];
