/** The one table of keys: it drives the input, the key bar, the help, the palette, and the reference in the README. */
import { type Binding, RUN, type Scope } from './binding.ts';
import { CAMPAIGN_BINDINGS, CAMPAIGN_VIEW_BINDINGS } from './campaign-keys.ts';
import { COMMON_BINDINGS } from './common-keys.ts';
import { EVENTS_BINDINGS } from './events-keys.ts';
import { FORENSICS_BINDINGS } from './forensics-keys.ts';
import { MOVING_BINDINGS } from './moving-keys.ts';
import { PANE_BINDINGS } from './pane-keys.ts';
import { REPLAY_BINDINGS } from './replay-keys.ts';
import { RUNS_BINDINGS } from './runs-keys.ts';
import { VIEW_BINDINGS } from './view-keys.ts';

export const BINDINGS: readonly Binding[] = [
  ...VIEW_BINDINGS,
  ...CAMPAIGN_VIEW_BINDINGS,
  ...MOVING_BINDINGS,
  ...PANE_BINDINGS,
  ...EVENTS_BINDINGS,
  ...FORENSICS_BINDINGS,
  ...REPLAY_BINDINGS,
  ...RUNS_BINDINGS,
  ...CAMPAIGN_BINDINGS,
  ...COMMON_BINDINGS,
];

/** The keys while a question is open. Everything else but Ctrl-C answers no. */
export const ANSWERS: readonly Binding[] = [
  { intent: 'confirm', keys: ['y', 'Y'], label: 'y', short: 'yes', help: 'Yes' },
  { intent: 'dismiss', keys: ['n', 'N', 'q', 'escape'], label: 'n', short: 'no', help: 'No' },
];

/** The keys while a line is typed. */
export const TYPING: readonly Binding[] = [
  { intent: 'submit', keys: ['enter'], label: 'Enter', short: 'ok', help: 'Take the line' },
  { intent: 'dismiss', keys: ['escape'], label: 'Esc', short: 'cancel', help: 'Leave it' },
];

/** The keys while the palette is open; what else is typed narrows it. */
export const IN_PALETTE: readonly Binding[] = [
  { intent: 'up', keys: ['up', 'ctrl+p'], label: '↑ ^P', help: 'Up' },
  { intent: 'down', keys: ['down', 'ctrl+n'], label: '↓ ^N', short: 'choose', help: 'Down' },
  { intent: 'complete', keys: ['tab'], label: 'Tab', short: 'complete', help: 'Take the words of the line' },
  { intent: 'submit', keys: ['enter'], label: 'Enter', short: 'do', help: 'Do it' },
  { intent: 'dismiss', keys: ['escape'], label: 'Esc', short: 'close', help: 'Close it' },
];

/** What a view can be asked for without a key of its own. */
const WITHOUT_KEY: readonly Binding[] = [
  ...RUNS_BINDINGS.filter(({ intent }) => intent === 'launch').map((each) => ({
    ...each,
    scopes: RUN,
    label: '',
  })),
  ...COMMON_BINDINGS.filter(({ intent }) => intent === 'ask-stop').map((each) => ({
    ...each,
    scopes: RUN.filter((scope) => each.scopes?.includes(scope) === false),
    label: '',
  })),
];

/** What the palette offers beside the keys of `scope`. */
export function commandsWithoutKey(scope: Scope): readonly Binding[] {
  return WITHOUT_KEY.filter(({ scopes }) => scopes?.includes(scope));
}

/** The keys that mean something in `scope`, in the table's order. */
export function bindingsOf(scope: Scope): readonly Binding[] {
  return BINDINGS.filter(({ scopes }) => scopes === undefined || scopes.includes(scope));
}

/** What is open on top of a view. */
export type Mode = 'keys' | 'question' | 'typing' | 'palette';

const INTERRUPT = BINDINGS.filter(({ intent }) => intent === 'interrupt');

const TABLES = { question: ANSWERS, typing: TYPING, palette: IN_PALETTE } as const;

/** The binding of a key; undefined when it means nothing here. */
export function bindingOf(scope: Scope, mode: Mode, key: string): Binding | undefined {
  const open = mode === 'keys' ? null : TABLES[mode];
  const table = open === null ? bindingsOf(scope) : [...open, ...INTERRUPT];
  return table.find(({ keys }) => keys.includes(key));
}
