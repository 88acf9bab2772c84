/** The keys that open the views of a run. */
import { type Binding, RUN } from './binding.ts';

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
