/** The keys of a campaign. */
import type { Binding } from './binding.ts';

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
