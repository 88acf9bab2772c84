/** The keys of a campaign. */
import type { Binding } from './binding.ts';

/** The keys that open its views, at the left of the key bar. */
export const CAMPAIGN_VIEW_BINDINGS: readonly Binding[] = [
  {
    intent: 'show-findings',
    keys: ['1'],
    label: '1',
    short: 'Findings',
    help: 'What failed, in small',
    scopes: ['campaign'],
  },
  {
    intent: 'show-course',
    keys: ['2'],
    label: '2',
    short: 'Course',
    help: 'Seeds and rate over time',
    scopes: ['campaign'],
  },
  {
    intent: 'show-shards',
    keys: ['3'],
    label: '3',
    short: 'Shards',
    help: 'Shards and runners',
    scopes: ['campaign'],
  },
  {
    intent: 'show-reached',
    keys: ['4'],
    label: '4',
    short: 'Reached',
    help: 'What was reached',
    scopes: ['campaign'],
  },
];

export const CAMPAIGN_BINDINGS: readonly Binding[] = [
  {
    intent: 'open',
    keys: ['enter'],
    label: 'Enter',
    short: 'watch',
    help: 'The recorded run of the failure, in mission control',
    scopes: ['campaign'],
  },
  {
    intent: 'ask-stop',
    keys: ['s'],
    label: 's',
    short: 'stop',
    help: 'Stop the campaign (asks first); --resume goes on with it',
    command: 'stop this campaign',
    scopes: ['campaign'],
  },
];
