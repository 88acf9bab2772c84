/** The keys of panes: which has the focus, and whether it takes the whole body. */
import type { Binding, Scope } from './binding.ts';

/** Where Tab has another meaning, Shift-Tab goes round alone. */
const TAB_IS_TAKEN: readonly Scope[] = ['events', 'forensics'];
const TAB_IS_FREE: readonly Scope[] = ['live', 'replay', 'checks', 'runs', 'campaign'];

/** In the key bar they give way first: the keys of a view come after them. */
export const PANE_BINDINGS: readonly Binding[] = [
  {
    intent: 'next-pane',
    keys: ['tab'],
    label: 'Tab',
    help: 'The focus to the next pane',
    scopes: TAB_IS_FREE,
  },
  {
    intent: 'previous-pane',
    keys: ['shift+tab'],
    label: 'Shift-Tab',
    help: 'The focus to the pane before',
    scopes: TAB_IS_FREE,
  },
  {
    intent: 'next-pane',
    keys: ['shift+tab'],
    label: 'Shift-Tab',
    help: 'The focus to the next pane',
    scopes: TAB_IS_TAKEN,
  },
  {
    intent: 'zoom',
    keys: ['z'],
    label: 'z',
    short: 'zoom',
    help: 'The pane with the focus over all others, or back',
  },
];
