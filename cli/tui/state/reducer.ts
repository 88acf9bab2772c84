/** The root reducer of mission control: frames, the link, keys and time in; the next state out. */
import type { Frame } from '../../../server/contract/index.ts';
import type { LinkState } from '../../client/stream.ts';
import { foldFrames } from './fold-frames.ts';
import type { Size, State } from './state.ts';

/** What a key asks for; `input/keymap.ts` says which key asks for what. */
export type Intent =
  | 'show-live'
  | 'toggle-pause'
  | 'ask-stop'
  | 'toggle-help'
  | 'confirm'
  | 'dismiss'
  | 'quit'
  | 'interrupt';

export type Action =
  | { type: 'frames'; frames: readonly Frame[]; nowMs: number }
  | { type: 'link'; link: LinkState }
  | { type: 'tick'; nowMs: number }
  | { type: 'resize'; size: Size }
  | { type: 'notice'; text: string }
  | { type: 'stop-failed'; text: string }
  | { type: 'intent'; intent: Intent };

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'frames':
      return onFrames(state, action.frames, action.nowMs);
    case 'link':
      return { ...state, link: action.link };
    case 'tick':
      return { ...state, nowMs: action.nowMs };
    case 'resize':
      return { ...state, size: action.size };
    case 'notice':
      return { ...state, notice: action.text };
    case 'stop-failed':
      return { ...state, notice: action.text, stopRequested: false };
    case 'intent':
      return INTENTS[action.intent]({ ...state, notice: null });
  }
}

function onFrames(state: State, frames: readonly Frame[], nowMs: number): State {
  const data = foldFrames(state.data, frames, nowMs);
  const ended = data.end !== null && state.data.end === null;
  return {
    ...state,
    data,
    nowMs,
    // A question about a run that has ended needs no answer any more.
    overlay: ended && state.overlay !== 'help' ? null : state.overlay,
    leaving: ended && state.leaveAtEnd ? (state.leaving ?? 'quit') : state.leaving,
  };
}

const INTENTS: Record<Intent, (state: State) => State> = {
  'show-live': (state) => ({ ...state, view: 'live', overlay: null }),
  'toggle-pause': (state) => ({ ...state, frozen: state.frozen === null ? state.data : null }),
  'ask-stop': askStop,
  'toggle-help': (state) => ({ ...state, overlay: state.overlay === 'help' ? null : 'help' }),
  confirm,
  dismiss: (state) => ({ ...state, overlay: null }),
  quit,
  interrupt,
};

function askStop(state: State): State {
  if (state.data.end !== null) return { ...state, notice: 'The run has ended already.' };
  if (state.stopRequested) return { ...state, notice: 'The stop is on its way.' };
  return { ...state, overlay: 'confirm-stop' };
}

function confirm(state: State): State {
  if (state.overlay === 'confirm-stop') {
    return { ...state, overlay: null, stopRequested: true, notice: 'Stopping the run.' };
  }
  if (state.overlay === 'confirm-quit') {
    return {
      ...state,
      overlay: null,
      stopRequested: true,
      leaveAtEnd: true,
      notice: 'Stopping the run to leave.',
    };
  }
  return state;
}

function quit(state: State): State {
  if (state.overlay !== null) return { ...state, overlay: null };
  // What is hosted here ends with this process, so leaving is more than leaving.
  if (state.hosted && state.data.end === null) return { ...state, overlay: 'confirm-quit' };
  return { ...state, leaving: 'quit' };
}

function interrupt(state: State): State {
  if (state.data.end !== null) return { ...state, leaving: 'quit' };
  if (!state.owns || state.stopRequested) return { ...state, leaving: 'interrupt' };
  return {
    ...state,
    overlay: null,
    stopRequested: true,
    leaveAtEnd: true,
    notice: 'Stopping the run; Ctrl-C again leaves at once.',
  };
}
