/** Keeps a hosted part running: one that dies is started again, with growing pauses. */
import { messageOf } from '../process/errors.ts';
import type { Part } from './part.ts';

export interface KeptPart {
  /** The part as it runs now. */
  current(): Part;
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A part that lived this long starts again without a memory of earlier deaths. */
const STABLE_MS = 30_000;

/**
 * Starts a part with `start` and starts it again whenever it dies. `onChange` is told of deaths and
 * returns. @throws what the very first `start` throws.
 */
export async function keepAlive(
  start: (previous: Part | null) => Promise<Part>,
  onChange: (what: string, part: Part | null) => void,
): Promise<KeptPart> {
  let part = await start(null);
  let stopping = false;
  let restarting: Promise<void> | null = null;
  let wake: (() => void) | null = null;
  let pauseMs = FIRST_PAUSE_MS;

  const watch = (watched: Part) => {
    const since = Date.now();
    void watched.exited.then((how) => {
      if (stopping) return;
      if (Date.now() - since > STABLE_MS) pauseMs = FIRST_PAUSE_MS;
      onChange(`the ${watched.name} ended (${how}); starting it again`, null);
      restarting = restart();
    });
  };
  const restart = async () => {
    while (!stopping) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      if (stopping) return;
      try {
        part = await start(part);
        watch(part);
        onChange(`the ${part.name} runs again`, part);
        return;
      } catch (error) {
        onChange(`starting it again failed: ${messageOf(error)}`, null);
      }
    }
  };
  watch(part);
  return {
    current: () => part,
    async stop() {
      stopping = true;
      wake?.();
      await restarting;
      await part.stop();
    },
  };
}
