/** Takes the terminal, with a first picture at once, and gives it back whatever happens. */

import { type Context, hasManyColors, wantsColor, wantsUnicode } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { toAscii } from '../terminal/ascii.ts';
import { isLightBackground } from '../terminal/background.ts';
import { holdKeys } from '../terminal/early-keys.ts';
import { heedSuspension } from '../terminal/suspend.ts';
import { openingPicture } from './opening.ts';
import { createPalette } from './paint/palette.ts';
import { createScreen, type Screen } from './screen.ts';

export interface OpenScreen {
  screen: Screen;
  /** Shows what is going on, until the first view takes over. */
  say(text: string): void;
  /** Ends the opening: what was typed meanwhile goes to whoever reads keys next. */
  ready(): void;
  close(): void;
}

/** Opens the screen; `what` says what will be looked at, and must be safe to print. */
export async function openScreen(context: Context, what: string): Promise<OpenScreen> {
  const { env } = context;
  const { stdin, stdout } = process;
  const colors = wantsColor(context, 'stdout');
  // The colours for light backgrounds are of the 256.
  const light = colors && hasManyColors(env) && (await isLightBackground(env, stdin, stdout));
  const palette = createPalette({ colors, light });
  const screen = createScreen(stdout, palette, wantsUnicode(env) ? undefined : toAscii);
  const undo = [takeSuspension(screen), takeTerminal(context, screen)];
  stdin.setRawMode(true);
  const release = holdKeys(stdin, () => context.leave(EXIT.interrupted));
  let said = '';
  const draw = () => screen.draw(openingPicture(screen.size(), what, said));
  const stopResizing = screen.onResize(draw);
  screen.enter();
  draw();
  // What the views need is loaded while the server is asked.
  setImmediate(() => void loadViews().catch(() => {}));
  let isReady = false;
  const ready = () => {
    if (isReady) return;
    isReady = true;
    stopResizing();
    release();
  };
  return {
    screen,
    say(text) {
      said = text;
      if (!isReady) draw();
    },
    ready,
    close() {
      ready();
      for (const each of undo) each();
      screen.leave();
    },
  };
}

/** What draws one run, and what draws the list of all. */
export async function loadViews() {
  const [{ watchRun }, { browseRuns }] = await Promise.all([
    import('./watch-run.tsx'),
    import('./runs/browse-runs.tsx'),
  ]);
  return { watchRun, browseRuns };
}

function takeSuspension(screen: Screen): () => void {
  return heedSuspension({
    leave: () => {
      screen.leave();
      process.stdin.setRawMode(false);
    },
    enter: () => {
      // A shell has set the terminal as it likes it: only a change of the mode sets it anew.
      process.stdin.setRawMode(false);
      process.stdin.setRawMode(true);
      screen.enter();
    },
  });
}

/** Puts the terminal right in the very last moment, if nothing did before. */
function takeTerminal(context: Context, screen: Screen): () => void {
  return context.atExitSync(() => {
    screen.leave();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  });
}
