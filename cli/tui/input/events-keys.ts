/** The keys of the Events view. */
import type { Binding } from './binding.ts';

export const EVENTS_BINDINGS: readonly Binding[] = [
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
];
