/** Says when to draw: at once after a key, otherwise a few times a second at most. */

/** A picture at most every so many ms while a run streams: 10 a second. */
export const PICTURE_MS = 100;

export interface Painter {
  /** Draws within `withinMs`; 0: at the end of this turn. */
  soon(withinMs: number): void;
  cancel(): void;
}

export function createPainter(draw: () => void): Painter {
  let timer: NodeJS.Timeout | null = null;
  let due = Number.POSITIVE_INFINITY;
  let isQueued = false;
  let cancelled = false;
  const now = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    due = Number.POSITIVE_INFINITY;
    isQueued = false;
    if (!cancelled) draw();
  };
  return {
    soon(withinMs) {
      if (cancelled || isQueued) return;
      if (withinMs === 0) {
        isQueued = true;
        queueMicrotask(now);
        return;
      }
      const wanted = performance.now() + withinMs;
      if (wanted >= due) return;
      if (timer !== null) clearTimeout(timer);
      due = wanted;
      timer = setTimeout(now, withinMs);
    },
    cancel() {
      cancelled = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
