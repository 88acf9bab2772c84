/** Hands an app to Ink, and its pictures to the screen. */
import { EventEmitter } from 'node:events';
import { render } from 'ink';
import type { ReactNode } from 'react';
import { withoutReports } from './input/mouse.ts';
import { createMouseSource, MouseProvider } from './input/mouse-source.ts';
import { SurfaceProvider } from './paint/pane.tsx';
import { Surface } from './paint/surface.ts';
import type { Screen } from './screen.ts';

export interface Mounted {
  /** Draws another state of the app. */
  draw(app: ReactNode): void;
  unmount(): void;
  /** Rejects when drawing crashed. */
  readonly crashed: Promise<never>;
}

/** Draws `app` on `screen`, and every later one that is handed to `draw`. */
export function mount(screen: Screen, app: ReactNode, stdin: NodeJS.ReadStream = process.stdin): Mounted {
  const surface = new Surface();
  const mouse = screen.hasMouse ? createMouseSource((column, row) => surface.hit(column, row)) : null;
  const wrapped = (content: ReactNode) => (
    <SurfaceProvider value={surface}>
      <MouseProvider value={mouse}>{content}</MouseProvider>
    </SurfaceProvider>
  );
  const show = () => {
    const { columns, rows } = screen.size();
    screen.draw(surface.compose(columns, rows));
  };
  const instance = render(wrapped(app), {
    stdout: silentStream(),
    stdin: mouse === null ? stdin : withoutReports(stdin, mouse.report),
    // Each state is rendered at once, and `start` says how often one is.
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const crashed = new Promise<never>((_, reject) => {
    instance.waitUntilExit().catch(reject);
  });
  // Whoever mounts waits for it as well; until then it is nobody's unhandled rejection.
  crashed.catch(() => {});
  show();
  return {
    crashed,
    draw: (next) => {
      instance.rerender(wrapped(next));
      show();
    },
    unmount: () => instance.unmount(),
  };
}

/** Panes draw past Ink, so what it writes itself is nothing. */
function silentStream(): NodeJS.WriteStream {
  const stream = Object.assign(new EventEmitter(), {
    isTTY: false,
    columns: 1,
    rows: 1,
    write: (_text: string, done?: unknown) => {
      if (typeof done === 'function') done();
      return true;
    },
  });
  return stream as unknown as NodeJS.WriteStream;
}
