/** The one table of keys: it drives the input, the key bar, the help, the palette, and the reference in the README. */
import type { Binding, Scope } from './binding.ts';
import { CAMPAIGN_BINDINGS } from './campaign-keys.ts';
import { COMMON_BINDINGS } from './common-keys.ts';
import { EVENTS_BINDINGS } from './events-keys.ts';
import { FORENSICS_BINDINGS } from './forensics-keys.ts';
import { MOVING_BINDINGS } from './moving-keys.ts';
import { REPLAY_BINDINGS } from './replay-keys.ts';
import { RUNS_BINDINGS } from './runs-keys.ts';
import { VIEW_BINDINGS } from './view-keys.ts';

export const BINDINGS: readonly Binding[] = [
  ...VIEW_BINDINGS,
  ...MOVING_BINDINGS,
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

/** The keys that mean something in `scope`, in the table's order. */
export function bindingsOf(scope: Scope): readonly Binding[] {
  return BINDINGS.filter(({ scopes }) => scopes === undefined || scopes.includes(scope));
}

/** What is open on top of a view. */
export type Mode = 'keys' | 'question' | 'typing';

const INTERRUPT = BINDINGS.filter(({ intent }) => intent === 'interrupt');

/** The binding of a key; undefined when it means nothing here. */
export function bindingOf(scope: Scope, mode: Mode, key: string): Binding | undefined {
  const table =
    mode === 'question'
      ? [...ANSWERS, ...INTERRUPT]
      : mode === 'typing'
        ? [...TYPING, ...INTERRUPT]
        : bindingsOf(scope);
  return table.find(({ keys }) => keys.includes(key));
}
