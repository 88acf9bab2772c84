/** Keeps progress from being told more often than anybody reads it. */

/** Progress is told this often at most, in ms. */
const TELL_EVERY_MS = 100;

/** `tell`, but for what comes too soon after what was told. `now`: a clock in ms. */
export function seldom<Progress>(
  tell: (progress: Progress) => void,
  now: () => number = () => performance.now(),
): (progress: Progress) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (progress) => {
    if (now() - told < TELL_EVERY_MS) return;
    told = now();
    tell(progress);
  };
}
