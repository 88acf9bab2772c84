/** Speaks up when nothing was printed for a while, so that jobs which watch their output are not killed. */

export interface Pulse {
  /** Something was printed. */
  touch(): void;
  stop(): void;
}

/** Longest silence in ms. */
export const LONGEST_SILENCE_MS = 4_000;

/** Calls `speak` with the ms since the last thing printed by others, after each such silence. */
export function startPulse(speak: (silentMs: number) => void, everyMs = LONGEST_SILENCE_MS): Pulse {
  let touchedMs = performance.now();
  let spokenMs = touchedMs;
  const timer = setInterval(
    () => {
      const nowMs = performance.now();
      if (nowMs - spokenMs < everyMs) return;
      spokenMs = nowMs;
      speak(nowMs - touchedMs);
    },
    Math.max(10, everyMs / 8),
  );
  return {
    touch() {
      touchedMs = performance.now();
      spokenMs = touchedMs;
    },
    stop: () => clearInterval(timer),
  };
}
