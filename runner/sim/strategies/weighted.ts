/** Draws by weights. */
import type { Prng } from '../prng.ts';

/** A position of `weights`, which is never empty: each as likely as its weight is beside the others. */
export function drawnByWeight(prng: Prng, weights: readonly number[]): number {
  let left = prng.float() * weights.reduce((sum, weight) => sum + weight, 0);
  const last = weights.length - 1;
  for (let i = 0; i < last; i++) {
    left -= weights[i] as number;
    if (left < 0) return i;
  }
  return last;
}
