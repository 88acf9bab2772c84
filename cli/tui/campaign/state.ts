/** The campaign on the screen: what is known of it, where the user stands, and what keys do. Pure. */
import type { Intent } from '../input/intents.ts';
import { bindingOf } from '../input/keymap.ts';
import { moved } from '../state/moves.ts';
import type { Size } from '../state/state.ts';
import type { CampaignPicture, FailureRow } from './picture.ts';

/** `stored`: it is looked at, not conducted, from here. */
export type Phase = 'going' | 'stopping' | 'done' | 'stopped' | 'stored';

export interface CampaignView {
  picture: CampaignPicture;
  phase: Phase;
  /** How far it is, as it says itself; safe to print. */
  doing: string;
  /** What was said, the newest last, bounded; safe to print. */
  said: readonly string[];
  /** Place of the chosen failure. */
  chosen: number;
  overlay: 'help' | 'confirm-stop' | 'confirm-quit' | null;
  notice: string | null;
  /** True when the end of the campaign is also the end of the screen. */
  leaveAtEnd: boolean;
  /** Asked for by keys, each once: told by their number. */
  effects: readonly { number: number; do: 'stop' | 'copy' }[];
  leaving: { to: 'out' } | { to: 'run'; run: string } | null;
  size: Size;
}

export type CampaignAction =
  | { type: 'picture'; picture: CampaignPicture }
  | { type: 'doing'; text: string }
  | { type: 'said'; text: string }
  | { type: 'over'; finished: boolean }
  | { type: 'notice'; text: string }
  | { type: 'resize'; size: Size }
  | { type: 'back' }
  | { type: 'stroke'; key: string; text: string };

const SAID_KEPT = 100;

export function initialCampaign(picture: CampaignPicture, phase: Phase, size: Size): CampaignView {
  return {
    ...{ picture, phase, size },
    ...{ doing: '', said: [], chosen: 0, overlay: null, notice: null },
    ...{ leaveAtEnd: false, effects: [], leaving: null },
  };
}

export function reduceCampaign(view: CampaignView, action: CampaignAction): CampaignView {
  switch (action.type) {
    case 'picture':
      return { ...view, picture: action.picture };
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
      return onStroke(view, action.key);
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

function onStroke(view: CampaignView, key: string): CampaignView {
  const isAsking = view.overlay === 'confirm-stop' || view.overlay === 'confirm-quit';
  const binding = bindingOf('campaign', isAsking ? 'question' : 'keys', key);
  return binding === undefined ? view : onIntent({ ...view, notice: null }, binding.intent);
}

function onIntent(view: CampaignView, intent: Intent): CampaignView {
  const to = moved(view.chosen, intent, 10, view.picture.rows.length);
  if (to !== null) return { ...view, chosen: to };
  return INTENTS[intent]?.(view) ?? view;
}

const INTENTS: Partial<Record<Intent, (view: CampaignView) => CampaignView>> = {
  open: (view) => {
    const run = chosenRow(view)?.run;
    if (run === undefined) return { ...view, notice: 'No failure was found yet.' };
    if (run === null) return { ...view, notice: 'This failure is not recorded yet.' };
    return { ...view, leaving: { to: 'run', run } };
  },
  copy: (view) => ask(view, 'copy'),
  'ask-stop': (view) => {
    if (view.phase === 'stored') return { ...view, notice: 'It is not conducted from here.' };
    if (!isGoing(view)) return { ...view, notice: 'The campaign is over already.' };
    return { ...view, overlay: 'confirm-stop' };
  },
  confirm: (view) => stop({ ...view, leaveAtEnd: view.overlay === 'confirm-quit', overlay: null }),
  'toggle-help': (view) => ({ ...view, overlay: view.overlay === 'help' ? null : 'help' }),
  dismiss: (view) => {
    if (view.overlay !== null) return { ...view, overlay: null };
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
    'stop',
  );
}

function ask(view: CampaignView, what: 'stop' | 'copy'): CampaignView {
  const number = (view.effects.at(-1)?.number ?? 0) + 1;
  return { ...view, effects: [...view.effects.slice(-4), { number, do: what }] };
}
