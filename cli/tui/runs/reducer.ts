/** The reducer of the list of runs. */
import type { CampaignSummary, Run } from '../../../server/contract/index.ts';
import { isActive } from '../../run/run-list.ts';
import { ORDERS } from '../../run/run-order.ts';
import { FILTERS } from '../../run/run-search.ts';
import type { Binding } from '../input/binding.ts';
import type { Intent } from '../input/intents.ts';
import { bindingOf } from '../input/keymap.ts';
import type { Pointing } from '../paint/target.ts';
import type { Act } from '../state/commands.ts';
import { moved } from '../state/moves.ts';
import { pointOver, strokeOver, type Under, withWorkspace } from '../state/over.ts';
import { EMPTY_PALETTE } from '../state/palette.ts';
import type { Size } from '../state/state.ts';
import { typed, typingOf } from '../state/text-input.ts';
import { closeTopmost, type OverAction, paneIntent } from '../state/workspace.ts';
import { EMPTY_FORM, formOf, launchOfForm, typeInForm } from './form.ts';
import {
  chosenPlace,
  chosenRun,
  listedRuns,
  offerOf,
  panesOf,
  type RunsEffect,
  type RunsState,
} from './state.ts';

export type RunsAction =
  | { type: 'page'; runs: readonly Run[]; next: string | null; isFirst: boolean; nowMs: number }
  | { type: 'campaigns'; campaigns: readonly CampaignSummary[] }
  | { type: 'problem'; text: string }
  | { type: 'notice'; text: string }
  | { type: 'launched'; run: Run }
  | { type: 'launch-failed'; text: string }
  | { type: 'tick'; nowMs: number }
  | { type: 'resize'; size: Size }
  | { type: 'interrupt' }
  | { type: 'stroke'; key: string; text: string }
  | ({ type: 'point' } & Pointing)
  | OverAction;

/** Runs kept; older ones are found by filters of the `runs` command. */
export const RUNS_KEPT = 1_000;

export function reduceRuns(state: RunsState, action: RunsAction): RunsState {
  switch (action.type) {
    case 'page':
      return onPage(state, action);
    case 'campaigns':
      return { ...state, campaigns: action.campaigns };
    case 'problem':
      return { ...state, problem: action.text };
    case 'notice':
      return { ...state, notice: action.text };
    case 'launched':
      return { ...state, form: null, leaving: { to: 'run', run: action.run, compareWith: null } };
    case 'launch-failed':
      return {
        ...state,
        form: state.form && { ...state.form, isSent: false, error: { field: null, text: action.text } },
      };
    case 'tick':
      return { ...state, nowMs: action.nowMs };
    case 'resize':
      return { ...state, size: action.size };
    case 'interrupt':
      return { ...state, leaving: { to: state.hasHome ? 'back' : 'quit' } };
    case 'stroke':
      return onStroke(state, action.key, action.text);
    case 'point':
      return pointOver(under(state), action) ?? onPoint(state, action);
    case 'runs-read':
      return withWorkspace(state, { runs: action.runs });
    case 'message':
      return withWorkspace({ ...state, notice: null }, { message: action.message });
    case 'open-run':
      return openRun(state, action.run);
  }
}

function onPage(
  state: RunsState,
  { runs, next, isFirst, nowMs }: Extract<RunsAction, { type: 'page' }>,
): RunsState {
  const byId = new Map([...state.runs, ...runs].map((run) => [run.id, run]));
  // Ids begin with the time of their making, so their order is that of the runs.
  const merged = [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, RUNS_KEPT);
  return fill({
    ...state,
    runs: merged,
    // The first page comes again and again; it says where the second begins only the first time.
    next: isFirst && state.next !== undefined ? state.next : next,
    problem: null,
    notice: state.notice === STOPPING && !isStopping(state, merged) ? null : state.notice,
    nowMs,
  });
}

const STOPPING = 'Stopping the run.';

/** False once the run that was last told to stop has ended. */
function isStopping({ effects }: RunsState, runs: readonly Run[]): boolean {
  const asked = effects.findLast((each) => each.do === 'stop');
  return runs.some((run) => run.id === asked?.runId && isActive(run));
}

/** A filter that leaves less than a screen asks for older runs, page by page. */
function fill(state: RunsState): RunsState {
  const isNarrowed = state.search !== '' || state.filter !== 'ALL';
  const mayAsk = typeof state.next === 'string' && state.runs.length < RUNS_KEPT;
  return isNarrowed && mayAsk && listedRuns(state).length < state.size.rows
    ? effect(state, { do: 'more' })
    : state;
}

/** What is open over the list. */
function under(state: RunsState): Under<RunsState> {
  return { state, offer: offerOf, perform };
}

/** Does what the palette was asked for. */
function perform(state: RunsState, act: Act): RunsState {
  if (act.do === 'binding') return onBinding(state, act.binding);
  if (act.do !== 'run') return state;
  const known = state.runs.find(({ id }) => id === act.ref);
  return known === undefined ? effect(state, { do: 'open-run', ref: act.ref }) : openRun(state, known);
}

function openRun(state: RunsState, run: Run): RunsState {
  return { ...state, leaving: { to: 'run', run, compareWith: null } };
}

function onBinding(state: RunsState, { changes, intent }: Binding): RunsState {
  const quiet = { ...state, notice: null };
  if (changes && state.readOnly) return { ...quiet, notice: 'This is read-only (--read-only).' };
  return onIntent(quiet, intent);
}

/** Rows that the wheel goes at once. */
const WHEEL_ROWS = 3;

/** While something is open over the list, only keys are clicked. */
function onPoint(state: RunsState, { what, target, pane, row }: Pointing): RunsState {
  if (target?.on === 'key') return what === 'press' ? onStroke(state, target.key, '') : state;
  if (state.form !== null || state.isTyping || isAsking(state)) return state;
  if (what === 'wheel-up' || what === 'wheel-down') {
    if (pane !== 'runs') return state;
    const intent = what === 'wheel-up' ? 'up' : 'down';
    return Array.from({ length: WHEEL_ROWS }).reduce((next: RunsState) => onIntent(next, intent), state);
  }
  if (what !== 'press' || target?.on !== 'run') return state;
  // Chosen by the first click, opened by the second.
  return chosenRun(state)?.id === target.id && state.chosen !== null
    ? onIntent(state, 'open')
    : // The first line of the list is its head.
      withWorkspace({ ...state, chosen: target.id }, { anchor: row - 1 });
}

function onStroke(state: RunsState, key: string, text: string): RunsState {
  const over = strokeOver(under(state), key, text);
  if (over !== null) return over;
  const quiet = { ...state, notice: null };
  if (state.form !== null) return inForm(quiet, key, text);
  if (state.isTyping) return inFilter(quiet, key, text);
  const binding = bindingOf('runs', isAsking(state) ? 'question' : 'keys', key);
  return binding === undefined ? state : onBinding(state, binding);
}

/** True while a question is open. */
export function isAsking({ overlay }: RunsState): boolean {
  return overlay === 'confirm-stop' || overlay === 'confirm-quit';
}

/** The list follows what is typed; Enter leaves it so, Esc takes it back. */
function inFilter(state: RunsState, key: string, text: string): RunsState {
  const intent = bindingOf('runs', 'typing', key)?.intent;
  if (intent === 'interrupt') return onIntent(state, intent);
  if (intent === 'submit') return { ...state, isTyping: false };
  if (intent === 'dismiss') return { ...state, isTyping: false, search: '', chosen: null };
  const typing = typingOf(key, text);
  if (typing === null) return state;
  return fill({ ...state, search: typed(state.search, typing), chosen: null });
}

function inForm(state: RunsState, key: string, text: string): RunsState {
  const { form } = state;
  if (form === null) return state;
  if (key === 'escape') return { ...state, form: null };
  if (key === 'ctrl+c') return { ...state, leaving: { to: state.hasHome ? 'back' : 'quit' } };
  if (form.isSent) return state;
  if (key !== 'enter') return { ...state, form: typeInForm(form, key, text) ?? form };
  const result = launchOfForm(form);
  if ('form' in result) return { ...state, form: result.form };
  return effect(
    { ...state, form: { ...form, isSent: true, error: null } },
    { do: 'launch', launch: result.launch },
  );
}

type Wanted = RunsEffect extends infer Each
  ? Each extends RunsEffect
    ? Omit<Each, 'number'>
    : never
  : never;

function effect(state: RunsState, wanted: Wanted): RunsState {
  const number = (state.effects.at(-1)?.number ?? 0) + 1;
  return { ...state, effects: [...state.effects.slice(-8), { ...wanted, number } as RunsEffect] };
}

function onIntent(state: RunsState, intent: Intent): RunsState {
  const listed = listedRuns(state);
  const place = chosenPlace(state, listed);
  const to = moved(place, intent, state.size.rows - 8, listed.length);
  if (to !== null) {
    const next = { ...state, chosen: listed[to]?.id ?? null };
    return to >= listed.length - 5 && typeof state.next === 'string' ? effect(next, { do: 'more' }) : next;
  }
  return moveFocus(state, intent) ?? INTENTS[intent]?.(state, listed[place]) ?? state;
}

/** Null when the intent is not about panes. */
function moveFocus(state: RunsState, intent: Intent): RunsState | null {
  const workspace = paneIntent(state.workspace, intent, panesOf(state));
  return workspace === null ? null : { ...state, workspace };
}

const INTENTS: Partial<Record<Intent, (state: RunsState, run: Run | undefined) => RunsState>> = {
  open: (state, run) => (run === undefined ? state : openRun(state, run)),
  'open-palette': (state) => withWorkspace(state, { palette: EMPTY_PALETTE }),
  'open-page': (state) => effect(state, { do: 'open-page' }),
  'next-status': (state) => fill({ ...state, filter: after(FILTERS, state.filter), chosen: null }),
  'ask-search': (state) => ({ ...state, isTyping: true }),
  'next-order': (state) => ({ ...state, order: after(ORDERS, state.order) }),
  launch: (state) => ({ ...state, form: EMPTY_FORM }),
  'launch-again': (state, run) => (run === undefined ? state : { ...state, form: formOf(run) }),
  mark: (state, run) => ({ ...state, marked: run === undefined || run.id === state.marked ? null : run.id }),
  'compare-marked': compareMarked,
  'show-campaign': showCampaign,
  'ask-stop': (state, run) => {
    if (run === undefined || !isActive(run)) return { ...state, notice: 'This run has ended already.' };
    return { ...state, overlay: 'confirm-stop' };
  },
  confirm: (state, run) =>
    state.overlay === 'confirm-quit'
      ? { ...state, overlay: null, leaving: { to: 'quit' } }
      : run === undefined
        ? { ...state, overlay: null }
        : effect({ ...state, overlay: null, notice: STOPPING }, { do: 'stop', runId: run.id }),
  'toggle-help': (state) => ({ ...state, overlay: state.overlay === 'help' ? null : 'help' }),
  dismiss: (state) => {
    if (state.overlay !== null) return { ...state, overlay: null };
    const closed = closeTopmost(state.workspace);
    if (closed !== null) return { ...state, workspace: closed };
    if (state.marked !== null) return { ...state, marked: null };
    if (state.search !== '') return { ...state, search: '', chosen: null };
    return state.hasHome ? { ...state, leaving: { to: 'back' } } : state;
  },
  quit: (state) => {
    if (state.overlay !== null) return { ...state, overlay: null };
    if (state.hosted && state.runs.some(isActive)) return { ...state, overlay: 'confirm-quit' };
    return { ...state, leaving: { to: 'quit' } };
  },
  interrupt: (state) => ({ ...state, leaving: { to: state.hasHome ? 'back' : 'quit' } }),
};

/** The chosen run's, or the newest. */
function showCampaign(state: RunsState, run: Run | undefined): RunsState {
  const listed = state.runs.find(({ campaign }) => campaign !== null)?.campaign;
  const name = run?.campaign ?? state.campaigns[0]?.name ?? listed ?? null;
  if (name === null) {
    return { ...state, notice: 'There is no campaign yet; `simcity campaign` starts one.' };
  }
  return { ...state, leaving: { to: 'campaign', name } };
}

function compareMarked(state: RunsState, run: Run | undefined): RunsState {
  if (state.marked === null) return { ...state, notice: 'Mark the other run with space first.' };
  if (run === undefined || run.id === state.marked)
    return { ...state, notice: 'Choose another run than the marked one.' };
  return { ...state, leaving: { to: 'run', run, compareWith: state.marked } };
}

function after<Value>(values: readonly Value[], value: Value): Value {
  return values[(values.indexOf(value) + 1) % values.length] ?? value;
}
