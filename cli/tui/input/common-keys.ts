/** The keys that several views have. */
import { type Binding, RUN } from './binding.ts';

export const COMMON_BINDINGS: readonly Binding[] = [
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
