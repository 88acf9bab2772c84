/** Wall time for a history: read once, then carried on by the clock that nobody sets, so that durations are exact. */

/** A clock that starts with the machine's time and never jumps, whatever is done to the machine's clock meanwhile. */
export function steadyWallClock(): () => Date {
  const startedMs = Date.now();
  const from = performance.now();
  return () => new Date(startedMs + (performance.now() - from));
}
