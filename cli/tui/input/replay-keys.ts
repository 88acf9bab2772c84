/** The keys of the Replay view. */
import type { Binding } from './binding.ts';

export const REPLAY_BINDINGS: readonly Binding[] = [
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
  { intent: 'up', keys: ['up', 'k'], label: '↑ k', help: 'The city one row up', scopes: ['replay'] },
  { intent: 'down', keys: ['down', 'j'], label: '↓ j', help: 'The city one row down', scopes: ['replay'] },
  {
    intent: 'day-before',
    keys: [','],
    label: ',',
    help: 'Of calendars the day before alone; before the first, all days',
    scopes: ['replay'],
  },
  {
    intent: 'day-after',
    keys: ['.'],
    label: '.',
    help: 'Of calendars the next day alone; after the last, all days',
    scopes: ['replay'],
  },
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
];
