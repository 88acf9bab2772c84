/** The keys that several views have. */
import { type Binding, RUN } from './binding.ts';

export const COMMON_BINDINGS: readonly Binding[] = [
  {
    intent: 'open-page',
    keys: ['O'],
    label: 'O',
    help: 'Open the page of it in the browser',
    command: 'open the page',
  },
  {
    intent: 'ask-stop',
    keys: ['s'],
    label: 's',
    short: 'stop',
    help: 'Stop the run gracefully (asks first)',
    command: 'stop this run',
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
  {
    intent: 'open-palette',
    keys: ['ctrl+p'],
    label: '^P',
    short: 'menu',
    help: 'The menu of all commands, narrowed by typing',
  },
  { intent: 'toggle-help', keys: ['?'], label: '?', short: 'help', help: 'This help', command: 'help' },
  { intent: 'dismiss', keys: ['escape'], label: 'Esc', help: 'Close what is open, or go back' },
  { intent: 'quit', keys: ['q'], label: 'q', short: 'quit', help: 'Leave', command: 'quit' },
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
