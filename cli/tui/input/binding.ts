/** What a row of the table of keys is. */
import type { ViewId } from '../state/state.ts';
import type { Intent } from './intents.ts';

/** Where a key means something. `runs` is the list of runs, `campaign` one campaign. */
export type Scope = ViewId | 'runs' | 'campaign';

export interface Binding {
  intent: Intent;
  /** As `keyName` names them. */
  keys: readonly string[];
  /** How the keys are written for people. */
  label: string;
  /** A word for the key bar; without one the key is only in the help. */
  short?: string;
  /** A sentence for the help. */
  help: string;
  /** The words for it in the palette; the help by default. */
  command?: string;
  /** Left out: everywhere. */
  scopes?: readonly Scope[];
  /** True when it changes something: refused with `--read-only`. */
  changes?: true;
}

export const HISTORY: readonly Scope[] = ['events', 'replay'];
export const LISTS: readonly Scope[] = ['events', 'forensics', 'checks', 'runs', 'campaign'];
/** All views of a run. */
export const RUN: readonly Scope[] = ['live', 'events', 'forensics', 'replay', 'checks'];
