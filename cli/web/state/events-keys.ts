/** What a key means in the list of events: the same as on a terminal. */
import type { Likeness } from '../../run/matcher.ts';
import type { Binding } from './keys.ts';

export type EventsMove =
  | { do: 'step'; by: 1 | -1 }
  | { do: 'page'; by: 1 | -1 }
  | { do: 'first' | 'last' | 'filter' | 'search' | 'index' | 'other-half' | 'replay' | 'cancel' }
  | { do: 'match' | 'incident'; step: 1 | -1 }
  | { do: 'only'; likeness: Likeness };

interface EventsKey extends Binding {
  move: EventsMove;
  /** True for those that scroll whatever else has the focus and scrolls. */
  scrolls?: true;
}

export const EVENTS_KEYS: readonly EventsKey[] = [
  {
    intent: 'up',
    keys: ['ArrowUp', 'k'],
    label: '↑ k',
    help: 'Up',
    move: { do: 'step', by: -1 },
    scrolls: true,
  },
  {
    intent: 'down',
    keys: ['ArrowDown', 'j'],
    label: '↓ j',
    help: 'Down',
    move: { do: 'step', by: 1 },
    scrolls: true,
  },
  {
    intent: 'page-up',
    keys: ['PageUp'],
    label: 'PgUp',
    help: 'A page up',
    move: { do: 'page', by: -1 },
    scrolls: true,
  },
  {
    intent: 'page-down',
    keys: ['PageDown'],
    label: 'PgDn',
    help: 'A page down',
    move: { do: 'page', by: 1 },
    scrolls: true,
  },
  {
    intent: 'first',
    keys: ['Home', 'g'],
    label: 'Home g',
    help: 'To the beginning',
    move: { do: 'first' },
    scrolls: true,
  },
  {
    intent: 'last',
    keys: ['End', 'G'],
    label: 'End G',
    help: 'To the end',
    move: { do: 'last' },
    scrolls: true,
  },
  {
    intent: 'follow',
    keys: ['F'],
    label: 'F',
    help: 'To the end; of a run that goes on: follow it',
    move: { do: 'last' },
  },
  {
    intent: 'previous-incident',
    keys: ['['],
    label: '[',
    help: 'To the previous fault or violation',
    move: { do: 'incident', step: -1 },
  },
  {
    intent: 'next-incident',
    keys: [']'],
    label: ']',
    help: 'To the next fault or violation',
    move: { do: 'incident', step: 1 },
  },
  { intent: 'ask-index', keys: [':'], label: ':', help: 'To the event with a number', move: { do: 'index' } },
  {
    intent: 'ask-filter',
    keys: ['f', '&'],
    label: 'f',
    help: 'Show only what matches: words, slot:003 by:017 type:book.ok op:12',
    move: { do: 'filter' },
  },
  { intent: 'ask-search', keys: ['/'], label: '/', help: 'Search on from here', move: { do: 'search' } },
  { intent: 'search-next', keys: ['n'], label: 'n', help: 'The next match', move: { do: 'match', step: 1 } },
  {
    intent: 'search-previous',
    keys: ['N'],
    label: 'N',
    help: 'The previous match',
    move: { do: 'match', step: -1 },
  },
  {
    intent: 'only-citizen',
    keys: ['c'],
    label: 'c',
    help: 'Only this citizen',
    move: { do: 'only', likeness: 'citizen' },
  },
  {
    intent: 'only-slot',
    keys: ['s'],
    label: 's',
    help: 'Only this slot',
    move: { do: 'only', likeness: 'slot' },
  },
  {
    intent: 'only-operation',
    keys: ['o'],
    label: 'o',
    help: 'Only this operation',
    move: { do: 'only', likeness: 'operation' },
  },
  {
    intent: 'only-type',
    keys: ['t'],
    label: 't',
    help: 'Only this type',
    move: { do: 'only', likeness: 'type' },
  },
  {
    intent: 'other-half',
    keys: ['x'],
    label: 'x',
    help: "The operation's other half: its request or its answer",
    move: { do: 'other-half' },
  },
  {
    intent: 'replay-here',
    keys: ['r'],
    label: 'r',
    help: 'The city at this event, in Replay',
    move: { do: 'replay' },
  },
  {
    intent: 'dismiss',
    keys: ['Escape'],
    label: 'Esc',
    help: 'End the search, or show all events',
    move: { do: 'cancel' },
  },
];

/** Null: what has the focus scrolls by itself, and keeps the keys for that. */
export function eventsMove(intent: string, focused: Element | null): EventsMove | null {
  const found = EVENTS_KEYS.find((each) => each.intent === intent);
  if (found === undefined || (found.scrolls && focused?.closest('pre, .events:not(.virtual-list)')))
    return null;
  return found.move;
}
