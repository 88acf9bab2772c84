/** What keys do in the Forensics view. */

import { bundleFileName } from '../../run/bundle-file.ts';
import { shownTree } from '../../run/bundle-tree.ts';
import { isLoss } from '../../run/outcome.ts';
import { outcomeOfData } from '../../run/picture.ts';
import { stepBeside, whyLayout } from '../../run/why-layout.ts';
import type { Intent } from '../input/intents.ts';
import { ask, effect, moved } from './moves.ts';
import type { ForensicsState, State } from './state.ts';

/** Null when the intent means nothing here. */
export function forensicsIntent(state: State, intent: Intent): State | null {
  const { bundle } = state.forensics;
  if (bundle === null) return intent === 'verify' && state.data.end !== null ? verify(state) : null;
  return move(state, intent) ?? INTENTS[intent]?.(state) ?? null;
}

function withForensics(state: State, change: Partial<ForensicsState>): State {
  return { ...state, forensics: { ...state.forensics, ...change } };
}

/** The story's length is known only when it is drawn, which keeps the scroll within it. */
const LONGEST_STORY = 2_000;

function move(state: State, intent: Intent): State | null {
  const { tab, cursor, scroll, bundle, unfolded } = state.forensics;
  const page = state.size.rows - 6;
  if (tab === 'story') {
    const to = moved(scroll, intent, page, LONGEST_STORY);
    return to === null ? null : withForensics(state, { scroll: to, whyStep: null });
  }
  const to = moved(cursor, intent, page, shownTree(bundle, unfolded).length);
  return to === null ? null : withForensics(state, { cursor: to });
}

/** The story begins with why, so that the step is scrolled to by its line. */
function stepWhy(state: State, by: 1 | -1): State {
  const { tasks, whyStep, isWhole } = state.forensics;
  if (tasks.explain?.state !== 'ready')
    return { ...state, notice: 'Why it broke is not known; `simcity explain` finds it.' };
  const step = stepBeside(whyLayout(tasks.explain.result, { unfolded: isWhole }), whyStep, by);
  return withForensics(state, step === null ? {} : { whyStep: step, tab: 'story' });
}

const INTENTS: Partial<Record<Intent, (state: State) => State>> = {
  'switch-tab': (state) =>
    withForensics(state, { tab: state.forensics.tab === 'story' ? 'bundle' : 'story' }),
  'why-next': (state) => stepWhy(state, 1),
  'why-previous': (state) => stepWhy(state, -1),
  unfold: (state) => withForensics(state, { isWhole: !state.forensics.isWhole }),
  open: fold,
  verify,
  shrink: (state) => startJob(state, 'shrink', 'shrink'),
  copy: (state) => effect(state, { do: 'copy', text: state.forensics.bundle?.reproduce ?? '' }),
  'ask-save': (state) => ask(state, 'save', bundleFileName(state.data.run.id)),
  'replay-here': (state) => ({
    ...state,
    view: 'replay',
    replay: { ...state.replay, at: state.forensics.bundle?.eventIndex ?? null, isPlaying: false },
  }),
};

function fold(state: State): State {
  const { tab, cursor, unfolded, bundle } = state.forensics;
  if (tab === 'story') return state;
  const node = shownTree(bundle, unfolded)[cursor];
  if (node === undefined || !node.isBranch) return state;
  const next = new Set(unfolded);
  if (!next.delete(node.path)) next.add(node.path);
  return withForensics(state, { unfolded: next });
}

function verify(state: State): State {
  return startJob(state, 'verify', 'replay --verify');
}

function startJob(state: State, command: 'verify' | 'shrink', title: string): State {
  const outcome = outcomeOfData(state.data);
  if (isLoss(outcome)) {
    return { ...state, notice: `The run ended as ${outcome}: there is nothing to ${command}.` };
  }
  if (state.job !== null && state.job.exitCode === null) {
    return { ...state, notice: `${state.job.title} is not through yet; Esc ends it.` };
  }
  return { ...effect(state, { do: 'job', command }), job: { title, lines: [], exitCode: null } };
}
