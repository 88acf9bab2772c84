/** The root reducer of mission control: frames, answers, the link, keys and time in; the next state out. */
import { type Frame, isTerminal, type Run, type TaskKind } from '../../../server/contract/index.ts';
import type { LinkStatus } from '../../client/stream.ts';
import { foldFrames } from '../../run/fold-frames.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import type { Binding } from '../input/binding.ts';
import type { Intent } from '../input/intents.ts';
import { bindingOf, type Mode } from '../input/keymap.ts';
import type { Pointing } from '../paint/target.ts';
import { checksIntent } from './checks-view.ts';
import type { Act } from './commands.ts';
import { eventsIntent, submitInEvents } from './events-view.ts';
import { forensicsIntent } from './forensics-view.ts';
import { dismiss, effect, goToEvent, VIEW_INTENTS } from './moves.ts';
import type { Need } from './needs.ts';
import { offerOf } from './offer.ts';
import { pointOver, strokeOver, type Under, withWorkspace } from './over.ts';
import { EMPTY_PALETTE } from './palette.ts';
import { panesOf, zoomedOf } from './panes.ts';
import { onPoint } from './pointing.ts';
import { type Answer, receive } from './receive.ts';
import { playOn, replayIntent, startComparison } from './replay-view.ts';
import { type Size, type State, startOver, type Tasks } from './state.ts';
import { type, typingOf } from './text-input.ts';
import { type OverAction, paneIntent } from './workspace.ts';

export type Action =
  | { type: 'frames'; frames: readonly Frame[]; nowMs: number }
  | { type: 'answer'; need: Need; answer: Answer }
  | { type: 'link'; link: LinkStatus }
  | { type: 'tick'; nowMs: number }
  | { type: 'play'; elapsedMs: number }
  | { type: 'resize'; size: Size }
  | { type: 'notice'; text: string }
  | { type: 'stop-failed'; text: string }
  | { type: 'compare'; run: Run }
  /** Null: the server has none. */
  | { type: 'newest-campaign'; name: string | null }
  | TaskAction
  | { type: 'job'; title: string; lines: readonly string[]; exitCode: number | null }
  | { type: 'stroke'; key: string; text: string }
  | ({ type: 'point' } & Pointing)
  | { type: 'intent'; intent: Intent }
  | OverAction;

/** How a task that was asked for stands; null: nobody has asked. */
export type TaskAction = {
  [Kind in TaskKind]: { type: 'task'; kind: Kind; task: Tasks[Kind] };
}[TaskKind];

export function reduce(state: State, action: Action): State {
  const next = reduced(state, action);
  // Each view has panes of its own.
  return next.view === state.view
    ? next
    : withWorkspace(next, { focus: null, isZoomed: false, anchor: null });
}

function reduced(state: State, action: Action): State {
  switch (action.type) {
    case 'frames':
      return onFrames(state, action.frames, action.nowMs);
    case 'answer':
      return receive(state, action.need, action.answer);
    case 'link':
      return { ...state, link: action.link };
    case 'tick':
      return { ...state, nowMs: action.nowMs };
    case 'play':
      return playOn(state, action.elapsedMs);
    case 'resize':
      return { ...state, size: action.size };
    case 'notice':
      return { ...state, notice: action.text };
    case 'stop-failed':
      return { ...state, notice: action.text, stopRequested: false };
    case 'compare':
      return startComparison(state, action.run);
    case 'task':
      return onTask(state, action);
    case 'job':
      return onJob(state, action);
    case 'stroke':
      return onStroke(state, action.key, action.text);
    case 'point':
      return pointOver(under(state), action) ?? onPoint(state, action, { strike: onStroke, want: onIntent });
    case 'intent':
      return onIntent({ ...state, notice: null }, action.intent);
    case 'runs-read':
      return withWorkspace(state, { runs: action.runs });
    case 'message':
      return withWorkspace({ ...state, notice: null }, { message: action.message });
    case 'newest-campaign':
      return showCampaign(state, action.name);
    case 'open-run':
      return openRun(state, action.run);
  }
}

function openRun(state: State, run: Run): State {
  if (run.id === state.data.run.id) return { ...state, notice: `This is run ${runName(run)}.` };
  return { ...state, leaving: 'run', nextRun: run };
}

function onFrames(state: State, frames: readonly Frame[], nowMs: number): State {
  const data = foldFrames(state.data, frames, nowMs);
  const ended = data.end !== null && state.data.end === null;
  const reset = frames.find((frame) => frame.frame === 'reset');
  const known = reset === undefined ? state : startOver(state, safeText(reset.data.message));
  return {
    ...known,
    data,
    nowMs,
    // A question about a run that has ended needs no answer any more.
    overlay: ended && state.overlay !== 'help' ? null : state.overlay,
    // Nor is it being stopped any more.
    notice: ended && state.stopRequested ? null : known.notice,
    leaving: ended && state.leaveAtEnd ? (state.leaving ?? 'quit') : state.leaving,
  };
}

/** What stores a smallest reproduction with the run. */
const MAKES_SMALL: ReadonlySet<TaskKind> = new Set(['shrink', 'explain']);

/** A smallest reproduction is stored with the run, also on the way to why it broke: the bundle is read again. */
function onTask(state: State, { kind, task }: TaskAction): State {
  const { forensics } = state;
  const isStale = forensics.isStale || (task?.state === 'ready' && MAKES_SMALL.has(kind));
  const whyStep = kind === 'explain' ? null : forensics.whyStep;
  return {
    ...state,
    forensics: { ...forensics, tasks: { ...forensics.tasks, [kind]: task }, isStale, whyStep },
  };
}

function onJob(state: State, { title, lines, exitCode }: Extract<Action, { type: 'job' }>): State {
  if (state.job === null || state.job.title !== title) return state;
  // What the job found is stored with the run, so the bundle is read again.
  const forensics = exitCode === 0 ? { ...state.forensics, isStale: true } : state.forensics;
  return { ...state, forensics, job: { title, lines, exitCode } };
}

/** What is open decides what a key means. */
export function modeOf({ overlay, input, workspace }: Pick<State, 'overlay' | 'input' | 'workspace'>): Mode {
  if (workspace.palette !== null) return 'palette';
  if (overlay === 'confirm-stop' || overlay === 'confirm-quit') return 'question';
  return input === null ? 'keys' : 'typing';
}

/** What is open over the view. */
function under(state: State): Under<State> {
  return { state, offer: offerOf, perform };
}

/** Does what the palette was asked for. */
function perform(state: State, act: Act): State {
  switch (act.do) {
    case 'binding':
      return onBinding(state, act.binding);
    case 'event':
      return goToEvent(state, act.index);
    case 'run':
      return effect(state, { do: 'open-run', ref: act.ref });
    case 'fill':
      return state;
  }
}

function onBinding(state: State, { changes, intent }: Binding): State {
  const quiet = { ...state, notice: null };
  if (changes && state.readOnly) return { ...quiet, notice: 'This is read-only (--read-only).' };
  return onIntent(quiet, intent);
}

function onStroke(state: State, key: string, text: string): State {
  const over = strokeOver(under(state), key, text);
  if (over !== null) return over;
  const mode = modeOf(state);
  const binding = bindingOf(state.view, mode, key);
  if (binding !== undefined) return onBinding(state, binding);
  if (mode !== 'typing' || state.input === null) return state;
  const typing = typingOf(key, text);
  return typing === null ? state : { ...state, input: type(state.input, typing) };
}

function onIntent(state: State, intent: Intent): State {
  const view = VIEW_INTENTS[intent];
  if (view !== undefined) return { ...state, view, overlay: null, seek: null };
  return moveFocus(state, intent) ?? ANYWHERE[intent]?.(state) ?? inView(state, intent) ?? state;
}

/** Null when the intent is not about panes. */
function moveFocus(state: State, intent: Intent): State | null {
  const panes = panesOf(state);
  const workspace = paneIntent(state.workspace, intent, panes);
  if (workspace === null) return null;
  const title = panes.find(({ name }) => name === workspace.focus)?.title ?? '';
  const next = { ...state, workspace, notice: workspace.isZoomed ? null : `${title}: z zooms it.` };
  // What is zoomed has to be there.
  return zoomedOf(next) === 'detail' ? { ...next, events: { ...next.events, isOpen: true } } : next;
}

function inView(state: State, intent: Intent): State | null {
  switch (state.view) {
    case 'events':
      return eventsIntent(state, intent);
    case 'forensics':
      return forensicsIntent(state, intent);
    case 'replay':
      return replayIntent(state, intent);
    case 'checks':
      return checksIntent(state, intent);
    case 'live':
      return liveIntent(state, intent);
  }
}

const ANYWHERE: Partial<Record<Intent, (state: State) => State>> = {
  'show-runs': showRuns,
  launch: (state) => ({ ...state, leaving: 'launch' }),
  'open-palette': (state) => effect(withWorkspace(state, { palette: EMPTY_PALETTE }), { do: 'read-runs' }),
  'open-page': (state) => effect(state, { do: 'open-page' }),
  'toggle-pause': (state) => ({ ...state, frozen: state.frozen === null ? state.data : null }),
  'ask-stop': askStop,
  'toggle-help': (state) => ({ ...state, overlay: state.overlay === 'help' ? null : 'help' }),
  confirm,
  dismiss,
  quit,
  interrupt,
  submit,
};

/** What comes after a run, once it has ended. */
function liveIntent(state: State, intent: Intent): State | null {
  if (intent === 'launch-again') {
    return state.data.end === null
      ? { ...state, notice: 'The run goes on; s stops it.' }
      : { ...state, leaving: 'again' };
  }
  if (intent !== 'show-campaign') return null;
  return state.data.run.campaign === null
    ? effect(state, { do: 'newest-campaign' })
    : showCampaign(state, state.data.run.campaign);
}

function showCampaign(state: State, name: string | null): State {
  return name === null
    ? { ...state, notice: 'There is no campaign yet; `simcity campaign` tries many seeds.' }
    : { ...state, leaving: 'campaign', nextCampaign: name };
}

function showRuns(state: State): State {
  return { ...state, leaving: 'runs' };
}

function askStop(state: State): State {
  if (state.data.end !== null) return { ...state, notice: 'The run has ended already.' };
  if (state.stopRequested) return { ...state, notice: 'The stop is on its way.' };
  return { ...state, overlay: 'confirm-stop' };
}

function confirm(state: State): State {
  if (state.overlay === 'confirm-stop') {
    return requestStop({ ...state, overlay: null, notice: 'Stopping the run.' });
  }
  if (state.overlay === 'confirm-quit') {
    return requestStop({
      ...state,
      overlay: null,
      leaveAtEnd: true,
      notice: 'Stopping the run to leave.',
    });
  }
  return state;
}

function quit(state: State): State {
  if (state.overlay !== null) return { ...state, overlay: null };
  if (state.job !== null && state.job.exitCode === null) {
    return { ...state, notice: `${state.job.title} goes on; Esc ends it.` };
  }
  // What is hosted here ends with this process, so leaving is more than leaving.
  if (state.hosted && !isTerminal(state.data.status)) return { ...state, overlay: 'confirm-quit' };
  return { ...state, leaving: 'quit' };
}

function interrupt(state: State): State {
  if (state.data.end !== null) return { ...state, leaving: 'quit' };
  if (!state.owns || state.stopRequested) return { ...state, leaving: 'interrupt' };
  return requestStop({
    ...state,
    overlay: null,
    leaveAtEnd: true,
    notice: 'Stopping the run; Ctrl-C again leaves at once.',
  });
}

/** Once; again when it did not get through. */
function requestStop(state: State): State {
  return state.stopRequested ? state : effect({ ...state, stopRequested: true }, { do: 'stop' });
}

/** Takes the line that was typed. */
function submit(state: State): State {
  const { input } = state;
  if (input === null) return state;
  const closed = { ...state, input: null };
  if (input.text.trim() === '' && input.purpose !== 'filter') return closed;
  switch (input.purpose) {
    case 'filter':
    case 'search':
      return submitInEvents(closed, input);
    case 'index':
      return submitIndex(state, input.text.trim().replaceAll(',', ''));
    case 'save':
      return effect(closed, { do: 'save', file: input.text.trim() });
    case 'compare':
      return effect(closed, { do: 'compare', runId: input.text.trim() });
  }
}

function submitIndex(state: State, text: string): State {
  const newest = state.data.eventIndex;
  const index = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(index <= newest)) {
    const error = `a whole number from 0 to ${newest}`;
    return { ...state, input: state.input === null ? null : { ...state.input, error } };
  }
  return goToEvent({ ...state, input: null }, index);
}
