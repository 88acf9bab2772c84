/** Tells long work to come to an end in order: by Ctrl-C from outside, or by a call of the screen that shows it. */
import type { Context } from './context.ts';
import { EXIT } from './errors.ts';

export interface Stopping {
  /** `handler` is called each time the work is told to stop; the newest gets it. Returns its undoing. */
  onStop(handler: () => void): () => void;
  /** Tells the work, as Ctrl-C does; leaves when none of it can be told. */
  stop(): void;
}

export function createStopping(context: Context): Stopping {
  const handlers: (() => void)[] = [];
  return {
    onStop(handler) {
      const undo = context.onSignal(handler);
      handlers.push(handler);
      return () => {
        undo();
        handlers.splice(handlers.indexOf(handler), 1);
      };
    },
    stop() {
      const newest = handlers.at(-1);
      if (newest === undefined || context.leaving.aborted) context.leave(EXIT.interrupted);
      else newest();
    },
  };
}
