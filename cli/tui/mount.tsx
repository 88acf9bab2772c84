/** Hands the app to Ink. Apart from `start`, because Ink fixes its colours when it is loaded. */
import { render } from 'ink';
import { App } from './app.tsx';
import type { Screen } from './screen.ts';
import type { Intent } from './state/reducer.ts';
import type { State } from './state/state.ts';

export interface Mounted {
  draw(state: State): void;
  unmount(): void;
  /** Rejects when drawing crashed. */
  readonly crashed: Promise<never>;
}

/** Draws `state` on `screen`, and every later one that is handed to `draw`. */
export function mount(screen: Screen, state: State, onIntent: (intent: Intent) => void): Mounted {
  const instance = render(<App state={state} onIntent={onIntent} />, {
    stdout: screen.inkStdout,
    // Whole pictures, each at once: the screen tells what differs, and `start` how often one is drawn.
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const crashed = new Promise<never>((_, reject) => {
    instance.waitUntilExit().catch(reject);
  });
  // Whoever mounts waits for it as well; until then it is nobody's unhandled rejection.
  crashed.catch(() => {});
  return {
    crashed,
    draw: (next) => instance.rerender(<App state={next} onIntent={onIntent} />),
    unmount: () => instance.unmount(),
  };
}
