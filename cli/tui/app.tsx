/** The whole screen: header, the view, an overlay, key bar. Draws the state and nothing else. */
import { safeText } from '../run/sanitize.ts';
import { type HeaderPart, header } from './components/header.ts';
import { type KeyBarProps, keyBar } from './components/key-bar.ts';
import { ANSWERS, IN_PALETTE, TYPING } from './input/keymap.ts';
import { type Listeners, useKeys } from './input/use-keys.ts';
import { VIEW_BINDINGS } from './input/view-keys.ts';
import { DIM, span } from './paint/line.ts';
import { pane } from './paint/pane.tsx';
import { keysHere } from './state/keys-here.ts';
import { offerOf } from './state/offer.ts';
import { zoomedOf } from './state/panes.ts';
import { modeOf } from './state/reducer.ts';
import type { Overlay, State } from './state/state.ts';
import type { InputPurpose } from './state/text-input.ts';
import { MINIMUM } from './theme.ts';
import { headerParts } from './views/header-parts.ts';
import { HelpPane, helpPlace } from './views/help.tsx';
import { OverPanes } from './views/over-panes.tsx';
import { VIEWS } from './views/registry.ts';

export interface AppProps extends Listeners {
  state: State;
}

export function App({ state, ...listeners }: AppProps) {
  useKeys(listeners);
  const { columns, rows } = state.size;
  if (columns < MINIMUM.columns || rows < MINIMUM.rows) {
    return <TooSmallPane x={0} y={0} width={columns} height={rows} />;
  }
  const area = { x: 0, y: 1, width: columns, height: rows - 2 };
  const { View, panes } = VIEWS[state.view];
  const zoomed = zoomedOf(state);
  return (
    <>
      <HeaderPane parts={headerParts(state)} x={0} y={0} width={columns} height={1} />
      {zoomed === null ? <View state={state} area={area} /> : panes(state, zoomed, area)}
      {state.overlay === 'help' && (
        <HelpPane scope={state.view} title={titleOf(state)} {...helpPlace(state.view, area)} />
      )}
      <OverPanes workspace={state.workspace} offer={() => offerOf(state)} area={area} />
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
  if (mode === 'palette') return { ...bar, views: [], keys: IN_PALETTE, said: null };
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
  const isZoomed = zoomedOf(state) !== null;
  return {
    ...bar,
    isZoomed,
    keys: keysHere(state),
    said: notice === null ? null : { text: notice, as: 'notice' },
  };
}
