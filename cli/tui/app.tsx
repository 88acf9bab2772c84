/** The whole screen: header, the view, an overlay, key bar. Draws the state and nothing else. */
import { isTerminal } from '../../server/contract/run-values.ts';
import { isLoss } from '../run/outcome.ts';
import { outcomeOfData } from '../run/picture.ts';
import { safeText } from '../run/sanitize.ts';
import { type HeaderPart, header } from './components/header.ts';
import { type KeyBarProps, keyBar } from './components/key-bar.ts';
import type { Binding } from './input/binding.ts';
import { ANSWERS, bindingsOf, TYPING } from './input/keymap.ts';
import { type Stroke, useKeys } from './input/use-keys.ts';
import { VIEW_BINDINGS } from './input/view-keys.ts';
import { DIM, span } from './paint/line.ts';
import { pane } from './paint/pane.tsx';
import { modeOf } from './state/reducer.ts';
import type { Overlay, State } from './state/state.ts';
import type { InputPurpose } from './state/text-input.ts';
import { MINIMUM } from './theme.ts';
import { headerParts } from './views/header-parts.ts';
import { HelpPane, helpPlace } from './views/help.tsx';
import { VIEWS } from './views/registry.ts';

export interface AppProps {
  state: State;
  onStroke: (stroke: Stroke) => void;
}

export function App({ state, onStroke }: AppProps) {
  useKeys(onStroke);
  const { columns, rows } = state.size;
  if (columns < MINIMUM.columns || rows < MINIMUM.rows) {
    return <TooSmallPane x={0} y={0} width={columns} height={rows} />;
  }
  const area = { x: 0, y: 1, width: columns, height: rows - 2 };
  const View = VIEWS[state.view];
  return (
    <>
      <HeaderPane parts={headerParts(state)} x={0} y={0} width={columns} height={1} />
      <View state={state} area={area} />
      {state.overlay === 'help' && (
        <HelpPane scope={state.view} title={titleOf(state)} {...helpPlace(state.view, area)} />
      )}
      <KeyBarPane {...keyBarProps(state)} x={0} y={rows - 1} width={columns} height={1} />
    </>
  );
}

export const HeaderPane = pane<{ parts: readonly HeaderPart[] }>('HeaderPane', ({ parts }, { width }) => [
  header(parts, width),
]);

export const KeyBarPane = pane<Omit<KeyBarProps, 'width'>>('KeyBarPane', (props, { width }) => [
  keyBar({ ...props, width }),
]);

export const TooSmallPane = pane<object>('TooSmallPane', (_, { width, height }) => {
  const texts = [`needs ${MINIMUM.columns}x${MINIMUM.rows}`, `has ${width}x${height}`];
  const above = Math.max(0, Math.floor((height - texts.length) / 2));
  return [
    ...Array.from({ length: above }, () => []),
    ...texts.map((text) => [
      span(' '.repeat(Math.max(0, Math.floor((width - text.length) / 2)))),
      span(text, DIM),
    ]),
  ];
});

const QUESTIONS: Record<Exclude<Overlay, 'help'>, string> = {
  'confirm-stop': 'Stop this run?',
  'confirm-quit': 'Leaving stops this run, because it is executed here. Leave?',
};

const PROMPTS: Record<InputPurpose, string> = {
  filter: 'filter',
  search: '/',
  index: 'go to event',
  save: 'save the bundle to',
  compare: 'compare with run',
};

function titleOf({ view }: State): string {
  return VIEW_BINDINGS.find(({ intent }) => intent === `show-${view}`)?.short ?? view;
}

export function keyBarProps(state: State): Omit<KeyBarProps, 'width'> {
  const { overlay, input, notice } = state;
  const mode = modeOf(state);
  const bar = { views: VIEW_BINDINGS, chosen: `show-${state.view}` };
  if (mode === 'question' && overlay !== null && overlay !== 'help') {
    return { ...bar, keys: ANSWERS, said: { text: QUESTIONS[overlay], as: 'question' } };
  }
  if (mode === 'typing' && input !== null) {
    const error = input.error === null ? '' : `   ${input.error}`;
    return {
      ...bar,
      keys: TYPING,
      said: { text: `${PROMPTS[input.purpose]} ${safeText(input.text)}▏${error}`, as: 'input' },
    };
  }
  return { ...bar, keys: keysOf(state), said: notice === null ? null : { text: notice, as: 'notice' } };
}

const OTHER_KEYS = (scope: State['view']): readonly Binding[] =>
  bindingsOf(scope).filter((binding) => !VIEW_BINDINGS.includes(binding));

function keysOf({ view, data }: State): readonly Binding[] {
  if (isTerminal(data.status) && (view === 'live' || view === 'checks')) return KEYS_AT_END[view];
  return view === 'forensics' && isLoss(outcomeOfData(data)) ? KEYS_OF_LOSS : KEYS_OF[view];
}

/** The same lists each time, so that the key bar is drawn anew only when it changes. */
/** What comes after a run, once it has ended. */
const isOfEnd = ({ intent }: Binding) => intent === 'launch-again' || intent === 'show-campaign';

const KEYS_OF: Record<State['view'], readonly Binding[]> = {
  live: OTHER_KEYS('live').filter((binding) => !isOfEnd(binding)),
  events: OTHER_KEYS('events'),
  forensics: OTHER_KEYS('forensics'),
  replay: OTHER_KEYS('replay'),
  checks: OTHER_KEYS('checks'),
};

/** Nothing is left to be stopped, or moves. */
const isOfGoing = ({ intent }: Binding) => intent === 'ask-stop' || intent === 'toggle-pause';
const KEYS_AT_END = {
  live: OTHER_KEYS('live').filter((binding) => !isOfGoing(binding)),
  checks: KEYS_OF.checks.filter((binding) => !isOfGoing(binding)),
};

/** Of the forensics of a run that says nothing about the service. */
const KEYS_OF_LOSS = KEYS_OF.forensics.filter(({ intent }) => intent !== 'verify' && intent !== 'shrink');
