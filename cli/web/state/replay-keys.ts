/** What a key means in the replay: the same as on a terminal. */
import type { Binding } from './keys.ts';

export type ReplayIntent =
  | 'left'
  | 'right'
  | 'left-far'
  | 'right-far'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'follow'
  | 'previous-incident'
  | 'next-incident'
  | 'ask-index'
  | 'toggle-play'
  | 'faster'
  | 'slower'
  | 'dismiss';

export const REPLAY_KEYS: readonly Binding<ReplayIntent>[] = [
  { intent: 'left', keys: ['ArrowLeft', 'h'], label: '← h', help: 'One event back' },
  { intent: 'right', keys: ['ArrowRight', 'l'], label: '→ l', help: 'One event on' },
  { intent: 'left-far', keys: ['Shift+ArrowLeft', 'H'], label: 'Shift ← H', help: 'Ten events back' },
  { intent: 'right-far', keys: ['Shift+ArrowRight', 'L'], label: 'Shift → L', help: 'Ten events on' },
  { intent: 'page-up', keys: ['PageUp'], label: 'PgUp', help: '100 events back' },
  { intent: 'page-down', keys: ['PageDown'], label: 'PgDn', help: '100 events on' },
  { intent: 'first', keys: ['Home', 'g'], label: 'Home g', help: 'To the beginning' },
  { intent: 'last', keys: ['End', 'G'], label: 'End G', help: 'To the end' },
  { intent: 'follow', keys: ['F'], label: 'F', help: 'Follow the newest event' },
  { intent: 'previous-incident', keys: ['['], label: '[', help: 'To the previous fault or violation' },
  { intent: 'next-incident', keys: [']'], label: ']', help: 'To the next fault or violation' },
  { intent: 'ask-index', keys: [':'], label: ':', help: 'To the event with a number' },
  { intent: 'toggle-play', keys: [' '], label: 'space', help: 'Play or hold' },
  { intent: 'faster', keys: ['+', '='], label: '+', help: 'Play faster' },
  { intent: 'slower', keys: ['-', '_'], label: '-', help: 'Play slower' },
  { intent: 'dismiss', keys: ['Escape'], label: 'Esc', help: 'End the search for a fault' },
];

export type CalendarIntent = 'day-before' | 'day-after';

/** Where the city has calendars. */
export const CALENDAR_KEYS: readonly Binding<CalendarIntent>[] = [
  {
    intent: 'day-before',
    keys: [','],
    label: ',',
    help: 'Of calendars the day before alone; before the first, all days',
  },
  {
    intent: 'day-after',
    keys: ['.'],
    label: '.',
    help: 'Of calendars the next day alone; after the last, all days',
  },
];
