/** What a key means where a why is shown, or asked for: the same as on a terminal. */

import type { Binding } from './keys.ts';
import type { AskedKind } from './task.ts';

export type WhyIntent = 'why-next' | 'why-previous' | 'unfold';

export const WHY_KEYS: readonly Binding<WhyIntent>[] = [
  {
    intent: 'why-next',
    keys: ['n'],
    label: 'n',
    help: 'The next step of why it broke, with the city beside',
  },
  { intent: 'why-previous', keys: ['p'], label: 'p', help: 'The step of why it broke before this one' },
  { intent: 'unfold', keys: ['e'], label: 'e', help: 'Unfold what does not matter, or fold it again' },
];

/** Those that ask for a task, where it is offered. */
export const ASK_KEYS: Readonly<Record<AskedKind, readonly Binding[]>> = {
  explain: [{ intent: 'ask-why', keys: ['x'], label: 'x', help: 'Find out why it broke' }],
  shrink: [],
  verify: [
    {
      intent: 'verify',
      keys: ['v'],
      label: 'v',
      help: 'Execute the seed again and compare (replay --verify)',
    },
  ],
};
