/** The list of runs: what is known of them, and where the user stands in it. */
import type { CampaignSummary, Launch, Run } from '../../../server/contract/index.ts';
import { isActive } from '../../run/run-list.ts';
import { type Order, sortedRuns } from '../../run/run-order.ts';
import { type Filter, filterRuns } from '../../run/run-search.ts';
import type { Binding } from '../input/binding.ts';
import { bindingsOf } from '../input/keymap.ts';
import type { Offer } from '../state/commands.ts';
import type { Size } from '../state/state.ts';
import { EMPTY_WORKSPACE, type OverEffect, type PaneName, type Workspace } from '../state/workspace.ts';
import type { Form } from './form.ts';

export interface RunsState {
  /** Newest first, bounded. */
  runs: readonly Run[];
  /** The newest campaigns of the server, the newest first. */
  campaigns: readonly CampaignSummary[];
  /** Where the next page begins; null: there is none, undefined: no page came yet. */
  next: string | null | undefined;
  filter: Filter;
  /** What the runs are narrowed to by typing; '' for all. */
  search: string;
  /** True while that is typed. */
  isTyping: boolean;
  order: Order;
  /** The chosen run; null: the first. */
  chosen: string | null;
  marked: string | null;
  overlay: 'help' | 'confirm-stop' | 'confirm-quit' | null;
  form: Form | null;
  notice: string | null;
  /** What the server said when it did not answer; null while it does. */
  problem: string | null;
  /** Not null once the list has to close. */
  leaving:
    | { to: 'quit' }
    | { to: 'back' }
    | { to: 'run'; run: Run; compareWith: string | null }
    | { to: 'campaign'; name: string }
    | null;
  /** What whoever runs the state has to do, each once. */
  effects: readonly RunsEffect[];
  workspace: Workspace;
  size: Size;
  nowMs: number;
  readOnly: boolean;
  /** True when leaving ends the server, and with it what runs. */
  hosted: boolean;
  /** True when there is a run to go back to. */
  hasHome: boolean;
}

export type RunsEffect = { number: number } & (
  | { do: 'stop'; runId: string }
  | { do: 'launch'; launch: Launch }
  | { do: 'more' }
  | OverEffect
);

export function initialRuns(
  options: Pick<RunsState, 'size' | 'nowMs' | 'readOnly' | 'hosted' | 'hasHome' | 'form'>,
): RunsState {
  return {
    runs: [],
    campaigns: [],
    next: undefined,
    filter: 'ALL',
    search: '',
    isTyping: false,
    order: 'newest',
    chosen: null,
    marked: null,
    overlay: null,
    notice: null,
    problem: null,
    leaving: null,
    workspace: EMPTY_WORKSPACE,
    effects: [],
    ...options,
  };
}

/** The runs as they are listed. */
export function listedRuns({ runs, filter, search, order }: RunsState): readonly Run[] {
  return sortedRuns(filterRuns(runs, search, filter), order);
}

/** Position of the chosen run in the list. */
export function chosenPlace(state: RunsState, listed: readonly Run[]): number {
  return Math.max(
    0,
    listed.findIndex(({ id }) => id === state.chosen),
  );
}

/** The chosen run; undefined while none is listed. */
export function chosenRun(state: RunsState): Run | undefined {
  const listed = listedRuns(state);
  return listed[chosenPlace(state, listed)];
}

const KEYS = bindingsOf('runs');
/** Of a run that has ended there is nothing to stop. */
const KEYS_OF_ENDED = KEYS.filter(({ intent }) => intent !== 'ask-stop');

/** The keys that mean something for the chosen run. */
export function keysHere(state: RunsState): readonly Binding[] {
  const chosen = chosenRun(state);
  return chosen !== undefined && isActive(chosen) ? KEYS : KEYS_OF_ENDED;
}

/** What the palette offers here. */
export function offerOf(state: RunsState): Offer {
  return { bindings: keysHere(state), runs: state.runs, newest: null };
}

/** In the order in which the focus goes round. */
export function panesOf({ runs, campaigns }: RunsState): readonly PaneName[] {
  return [
    { name: 'runs', title: 'Runs' },
    ...(campaigns.length > 0 ? [{ name: 'campaigns', title: 'Campaigns' }] : []),
    ...(runs.length === 0 ? [] : [{ name: 'run', title: 'The chosen run' }]),
  ];
}
