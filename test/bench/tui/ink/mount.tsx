/** Hands an app to Ink, which draws it itself: in the alternate screen, and of each line what changed. */
import { Box, render } from 'ink';
import type { ReactNode } from 'react';
import type { Mounted } from '../../../../cli/tui/mount.tsx';
import type { Screen } from '../../../../cli/tui/screen.ts';

/** Draws `app` by Ink, in place of the picture that `screen` shows. */
export function mount(screen: Screen, app: ReactNode): Mounted {
  // The opening picture was the product's; from here on the terminal is Ink's.
  screen.leave();
  const whole = (content: ReactNode) => {
    const { columns, rows } = screen.size();
    return (
      <Box width={columns} height={rows} overflow="hidden">
        {content}
      </Box>
    );
  };
  const instance = render(whole(app), {
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const crashed = new Promise<never>((_, reject) => {
    instance.waitUntilExit().catch(reject);
  });
  crashed.catch(() => {});
  return { crashed, draw: (next) => instance.rerender(whole(next)), unmount: () => instance.unmount() };
}
