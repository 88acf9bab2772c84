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
