/** The campaign on the screen: what is known of it, where the user stands, and what keys do. Pure. */
import type { ChartStyle } from '../../../server/contract/index.ts';
import type { Binding } from '../input/binding.ts';
import { CAMPAIGN_VIEW_BINDINGS } from '../input/campaign-keys.ts';
import type { Intent } from '../input/intents.ts';
import { bindingOf, bindingsOf } from '../input/keymap.ts';
import type { Pointing } from '../paint/target.ts';
import type { Act, Offer } from '../state/commands.ts';
import { moved } from '../state/moves.ts';
import { pointOver, strokeOver, type Under, withWorkspace } from '../state/over.ts';
import { EMPTY_PALETTE } from '../state/palette.ts';
import type { Size } from '../state/state.ts';
import {
  closeTopmost,
  EMPTY_WORKSPACE,
  type OverAction,
  type OverEffect,
  paneIntent,
} from '../state/workspace.ts';
import type { CampaignPicture, FailureRow } from './picture.ts';
import {
  CAMPAIGN_VIEW_INTENTS,
  type CampaignList,
  type CampaignSeen,
  type CampaignViewId,
  countOf,
  listOf,
  panesOf,
} from './views.ts';

/** `stored`: it is looked at, not conducted, from here. */
export type Phase = 'going' | 'stopping' | 'done' | 'stopped' | 'stored';

export interface CampaignView extends CampaignSeen {
  phase: Phase;
  /** How far it is, as it says itself; safe to print. */
  doing: string;
  /** Place of the chosen failure. */
  chosen: number;
  /** The first line that is shown of each list. */
  tops: Readonly<Record<CampaignList, number>>;
  charts: ChartStyle;
  /** What the server said when it did not answer; null while it does. Safe to print. */
  problem: string | null;
  overlay: 'help' | 'confirm-stop' | 'confirm-quit' | null;
  notice: string | null;
  /** True when the end of the campaign is also the end of the screen. */
  leaveAtEnd: boolean;
  /** Asked for by keys, each once: told by their number. */
  effects: readonly CampaignEffect[];
  leaving: { to: 'out' } | { to: 'run'; run: string } | null;
  size: Size;
}

export type CampaignEffect = { number: number } & ({ do: 'stop' } | { do: 'copy' } | OverEffect);

export type CampaignAction =
  | { type: 'picture'; picture: CampaignPicture }
  | { type: 'doing'; text: string }
  | { type: 'said'; text: string }
  | { type: 'over'; finished: boolean }
  | { type: 'notice'; text: string }
  | { type: 'problem'; text: string }
  | { type: 'resize'; size: Size }
  | { type: 'back' }
  | { type: 'stroke'; key: string; text: string }
  | ({ type: 'point' } & Pointing)
  | OverAction;

const SAID_KEPT = 100;

export function initialCampaign(
  picture: CampaignPicture,
  phase: Phase,
  size: Size,
  charts: ChartStyle = 'line',
): CampaignView {
  return {
    ...{ picture, phase, size, charts, view: 'findings', problem: null },
    tops: { until: 0, shards: 0, runners: 0, reached: 0 },
    ...{ doing: '', said: [], chosen: 0, overlay: null, notice: null },
    ...{ leaveAtEnd: false, effects: [], leaving: null, workspace: EMPTY_WORKSPACE },
  };
}

export function reduceCampaign(view: CampaignView, action: CampaignAction): CampaignView {
  switch (action.type) {
    case 'picture':
      return { ...view, picture: action.picture, problem: null };
    case 'problem':
      return { ...view, problem: action.text };
    case 'doing':
      return { ...view, doing: action.text };
    case 'said':
      return { ...view, said: [...view.said.slice(1 - SAID_KEPT), action.text] };
    case 'over':
      return over(view, action.finished);
    case 'notice':
      return { ...view, notice: action.text };
    case 'resize':
      return { ...view, size: action.size };
    case 'back':
      return { ...view, leaving: null };
    case 'stroke':
      return onStroke(view, action.key, action.text);
    case 'point':
      return pointOver(under(view), action) ?? onPoint(view, action);
    case 'runs-read':
      return withWorkspace(view, { runs: action.runs });
    case 'message':
      return withWorkspace({ ...view, notice: null }, { message: action.message });
    case 'open-run':
      return { ...view, leaving: { to: 'run', run: action.run.id } };
  }
}

/** The chosen failure; undefined while there is none. */
export function chosenRow({ picture, chosen }: CampaignView): FailureRow | undefined {
  return picture.rows[Math.min(chosen, picture.rows.length - 1)];
}

function isGoing({ phase }: CampaignView): boolean {
  return phase === 'going' || phase === 'stopping';
}

function over(view: CampaignView, finished: boolean): CampaignView {
  const phase = finished ? 'done' : 'stopped';
  const leaving = view.leaveAtEnd ? ({ to: 'out' } as const) : view.leaving;
  return { ...view, phase, doing: '', overlay: view.overlay === 'help' ? 'help' : null, leaving };
}

const KEYS = bindingsOf('campaign').filter((binding) => !CAMPAIGN_VIEW_BINDINGS.includes(binding));
/** Nothing is left to be stopped. */
const KEYS_AT_END = KEYS.filter(({ intent }) => intent !== 'ask-stop');

/** Of the chosen failure, which is seen in one view alone. */
const isOfFailure = ({ intent }: Binding) => intent === 'open' || intent === 'copy';
const KEYS_ELSEWHERE = KEYS.filter((binding) => !isOfFailure(binding));
const KEYS_ELSEWHERE_AT_END = KEYS_AT_END.filter((binding) => !isOfFailure(binding));

/** The keys that mean something as the campaign stands, without those of the views. */
export function keysHere({ phase, view }: CampaignView): readonly Binding[] {
  if (view !== 'findings') return phase === 'going' ? KEYS_ELSEWHERE : KEYS_ELSEWHERE_AT_END;
  return phase === 'going' ? KEYS : KEYS_AT_END;
}

/** What the palette offers here. */
export function offerOf(view: CampaignView): Offer {
  return {
    bindings: [...CAMPAIGN_VIEW_BINDINGS, ...keysHere(view)],
    runs: view.workspace.runs,
    newest: null,
  };
}

/** What is open over the campaign. */
function under(state: CampaignView): Under<CampaignView> {
  return { state, offer: offerOf, perform };
}

/** Does what the palette was asked for. */
function perform(view: CampaignView, act: Act): CampaignView {
  if (act.do === 'binding') return onIntent({ ...view, notice: null }, act.binding.intent);
  return act.do === 'run' ? ask(view, { do: 'open-run', ref: act.ref }) : view;
}

function isAsking({ overlay }: CampaignView): boolean {
  return overlay === 'confirm-stop' || overlay === 'confirm-quit';
}

function onStroke(view: CampaignView, key: string, text: string): CampaignView {
  const over = strokeOver(under(view), key, text);
  if (over !== null) return over;
  const binding = bindingOf('campaign', isAsking(view) ? 'question' : 'keys', key);
  return binding === undefined ? view : onIntent({ ...view, notice: null }, binding.intent);
}

/** While a question is open, only keys are clicked. */
function onPoint(view: CampaignView, { what, target, pane, row }: Pointing): CampaignView {
  if (target?.on === 'key') return what === 'press' ? onStroke(view, target.key, '') : view;
  if (isAsking(view)) return view;
  if (what === 'wheel-up' || what === 'wheel-down')
    return pane === null ? view : move(view, what === 'wheel-up' ? 'up' : 'down', pane);
  if (what !== 'press' || target?.on !== 'row') return view;
  // Chosen by the first click, opened by the second.
  if (view.chosen === target.at) return onIntent(view, 'open');
  // The first line of the list is its head.
  return withWorkspace({ ...view, chosen: target.at }, { anchor: row - 1 });
}

function onIntent(view: CampaignView, intent: Intent): CampaignView {
  const shown = CAMPAIGN_VIEW_INTENTS[intent];
  if (shown !== undefined) return showView(view, shown);
  const workspace = paneIntent(view.workspace, intent, panesOf(view));
  if (workspace !== null) return { ...view, workspace };
  return INTENTS[intent]?.(view) ?? move(view, intent);
}

function showView(view: CampaignView, shown: CampaignViewId): CampaignView {
  return withWorkspace({ ...view, view: shown }, { focus: null, isZoomed: false });
}

const PAGE = 10;

/** In the list of the view; where `pane` is given, in that one. */
function move(view: CampaignView, intent: Intent, pane?: string): CampaignView {
  const list = listOf(view, pane);
  if (list !== null) {
    const to = moved(view.tops[list], intent, PAGE, countOf(view, list));
    return to === null ? view : { ...view, tops: { ...view.tops, [list]: to } };
  }
  if (view.view !== 'findings' || (pane !== undefined && pane !== 'failures')) return view;
  const to = moved(view.chosen, intent, PAGE, view.picture.rows.length);
  return to === null ? view : { ...view, chosen: to };
}

const NONE_FOUND = 'No failure was found yet.';
const NOT_RECORDED = 'This failure is not recorded yet.';

const INTENTS: Partial<Record<Intent, (view: CampaignView) => CampaignView>> = {
  open: (view) => {
    if (view.view !== 'findings') return view;
    const run = chosenRow(view)?.run;
    if (run === undefined) return { ...view, notice: NONE_FOUND };
    if (run === null) return { ...view, notice: NOT_RECORDED };
    return { ...view, leaving: { to: 'run', run: run.id } };
  },
  copy(view) {
    const row = chosenRow(view);
    if (row === undefined) return { ...view, notice: NONE_FOUND };
    return row.reproduce === null ? { ...view, notice: NOT_RECORDED } : ask(view, { do: 'copy' });
  },
  'open-palette': (view) => ask(withWorkspace(view, { palette: EMPTY_PALETTE }), { do: 'read-runs' }),
  'open-page': (view) => ask(view, { do: 'open-page' }),
  'ask-stop': (view) => {
    if (view.phase === 'stored')
      return { ...view, notice: 'It is not conducted from here; `simcity campaign stop` stops it.' };
    if (!isGoing(view)) return { ...view, notice: 'The campaign is over already.' };
    return { ...view, overlay: 'confirm-stop' };
  },
  confirm: (view) => stop({ ...view, leaveAtEnd: view.overlay === 'confirm-quit', overlay: null }),
  'toggle-help': (view) => ({ ...view, overlay: view.overlay === 'help' ? null : 'help' }),
  dismiss: (view) => {
    if (view.overlay !== null) return { ...view, overlay: null };
    const closed = closeTopmost(view.workspace);
    if (closed !== null) return { ...view, workspace: closed };
    if (view.view !== 'findings') return showView(view, 'findings');
    return view.phase === 'stored' ? { ...view, leaving: { to: 'out' } } : view;
  },
  quit: (view) => {
    if (view.overlay !== null) return { ...view, overlay: null };
    return isGoing(view) ? { ...view, overlay: 'confirm-quit' } : { ...view, leaving: { to: 'out' } };
  },
  interrupt: (view) =>
    isGoing(view) ? stop({ ...view, leaveAtEnd: true, overlay: null }) : { ...view, leaving: { to: 'out' } },
};

function stop(view: CampaignView): CampaignView {
  return ask(
    { ...view, phase: 'stopping', notice: 'Stopping the campaign; Ctrl-C again leaves at once.' },
    { do: 'stop' },
  );
}

function ask(view: CampaignView, what: { do: 'stop' } | { do: 'copy' } | OverEffect): CampaignView {
  const number = (view.effects.at(-1)?.number ?? 0) + 1;
  return { ...view, effects: [...view.effects.slice(-4), { ...what, number }] };
}
