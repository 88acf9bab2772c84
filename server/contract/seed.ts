/** Draws the seed of a run for which none was asked. */

/** Below 2^31: easy to type, and there are enough. */
export function freshSeed(): number {
  const [drawn = 0] = crypto.getRandomValues(new Uint32Array(1));
  return drawn >>> 1;
}
