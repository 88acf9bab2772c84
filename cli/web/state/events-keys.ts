/** What a key means in the list of events: the same as on a terminal. */
import type { Likeness } from '../../run/matcher.ts';

export type EventsMove =
  | { do: 'step'; by: 1 | -1 }
  | { do: 'page'; by: 1 | -1 }
  | { do: 'first' | 'last' | 'filter' | 'search' | 'index' | 'other-half' | 'replay' | 'cancel' }
  | { do: 'match' | 'incident'; step: 1 | -1 }
  | { do: 'only'; likeness: Likeness };

interface EventsKey {
  /** As a browser names them. */
  keys: readonly string[];
  /** How they are written for people. */
  label: string;
  /** A sentence for the help. */
  help: string;
  move: EventsMove;
  /** True for those that scroll whatever else has the focus and scrolls. */
  scrolls?: true;
}

export const EVENTS_KEYS: readonly EventsKey[] = [
  { keys: ['ArrowUp', 'k'], label: '↑ k', help: 'Up', move: { do: 'step', by: -1 }, scrolls: true },
  { keys: ['ArrowDown', 'j'], label: '↓ j', help: 'Down', move: { do: 'step', by: 1 }, scrolls: true },
  { keys: ['PageUp'], label: 'PgUp', help: 'A page up', move: { do: 'page', by: -1 }, scrolls: true },
  { keys: ['PageDown'], label: 'PgDn', help: 'A page down', move: { do: 'page', by: 1 }, scrolls: true },
  { keys: ['Home', 'g'], label: 'Home g', help: 'To the beginning', move: { do: 'first' }, scrolls: true },
  {
    keys: ['End', 'G', 'F'],
    label: 'End G F',
    help: 'To the end; of a run that goes on: follow it',
    move: { do: 'last' },
    scrolls: true,
  },
  {
    keys: ['['],
    label: '[',
    help: 'To the previous fault or violation',
    move: { do: 'incident', step: -1 },
  },
  { keys: [']'], label: ']', help: 'To the next fault or violation', move: { do: 'incident', step: 1 } },
  { keys: [':'], label: ':', help: 'To the event with a number', move: { do: 'index' } },
  {
    keys: ['f', '&'],
    label: 'f',
    help: 'Show only what matches: words, slot:003 by:017 type:book.ok op:12',
    move: { do: 'filter' },
  },
  { keys: ['/'], label: '/', help: 'Search on from here', move: { do: 'search' } },
  { keys: ['n'], label: 'n', help: 'The next match', move: { do: 'match', step: 1 } },
  { keys: ['N'], label: 'N', help: 'The previous match', move: { do: 'match', step: -1 } },
  { keys: ['c'], label: 'c', help: 'Only this citizen', move: { do: 'only', likeness: 'citizen' } },
  { keys: ['s'], label: 's', help: 'Only this slot', move: { do: 'only', likeness: 'slot' } },
  { keys: ['o'], label: 'o', help: 'Only this operation', move: { do: 'only', likeness: 'operation' } },
  { keys: ['t'], label: 't', help: 'Only this type', move: { do: 'only', likeness: 'type' } },
  {
    keys: ['x'],
    label: 'x',
    help: "The operation's other half: its request or its answer",
    move: { do: 'other-half' },
  },
  { keys: ['r'], label: 'r', help: 'The city at this event, in Replay', move: { do: 'replay' } },
  { keys: ['Escape'], label: 'Esc', help: 'End the search, or show all events', move: { do: 'cancel' } },
];

/** Null for a key that means nothing here, or that belongs to what has the focus. */
export function eventsMove(event: KeyboardEvent): EventsMove | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  const found = EVENTS_KEYS.find(({ keys }) => keys.includes(event.key));
  const target = event.target instanceof Element ? event.target : null;
  if (found === undefined || target?.closest('input, select, textarea, dialog')) return null;
  // What scrolls by itself keeps the keys for that.
  if (found.scrolls && target?.closest('pre, .events:not(.virtual-list)')) return null;
  return found.move;
}
