/** The whole screen: header, the view or an overlay, key bar. Draws the state and nothing else. */
import { Box, Text } from 'ink';
import { Header } from './components/header.tsx';
import { KeyBar } from './components/key-bar.tsx';
import { ANSWERS, BINDINGS } from './input/keymap.ts';
import { useKeys } from './input/use-keys.ts';
import type { Intent } from './state/reducer.ts';
import type { Overlay, Size, State } from './state/state.ts';
import { MINIMUM } from './theme.ts';
import { headerParts } from './views/header-parts.ts';
import { HelpView } from './views/help.tsx';
import { VIEWS } from './views/registry.ts';

export interface AppProps {
  state: State;
  onIntent: (intent: Intent) => void;
}

export function App({ state, onIntent }: AppProps) {
  useKeys(state, onIntent);
  const { columns, rows } = state.size;
  if (columns < MINIMUM.columns || rows < MINIMUM.rows) return <TooSmall size={state.size} />;
  const area = { columns, rows: rows - 2 };
  const View = VIEWS[state.view];
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Header parts={headerParts(state)} width={columns} />
      {state.overlay === 'help' ? <HelpView area={area} /> : <View state={state} area={area} />}
      <BottomLine state={state} />
    </Box>
  );
}

const QUESTIONS: Record<Exclude<Overlay, 'help'>, string> = {
  'confirm-stop': 'Stop this run?',
  'confirm-quit': 'Leaving stops this run, because it is hosted here. Leave?',
};

function BottomLine({ state }: { state: State }) {
  const { overlay } = state;
  const question = overlay === null || overlay === 'help' ? null : QUESTIONS[overlay];
  const views = BINDINGS.filter(({ intent }) => intent === 'show-live');
  const keys = question === null ? BINDINGS.filter(({ intent }) => intent !== 'show-live') : ANSWERS;
  return (
    <KeyBar views={views} keys={keys} question={question} notice={state.notice} width={state.size.columns} />
  );
}

function TooSmall({ size }: { size: Size }) {
  return (
    <Box
      flexDirection="column"
      width={size.columns}
      height={size.rows}
      alignItems="center"
      justifyContent="center"
      overflow="hidden"
    >
      <Text wrap="truncate">
        needs {MINIMUM.columns}x{MINIMUM.rows}
      </Text>
      <Text wrap="truncate">
        has {size.columns}x{size.rows}
      </Text>
    </Box>
  );
}
