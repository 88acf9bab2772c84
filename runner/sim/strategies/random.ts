/** The uniform random walk: every ready request is as likely as any other. */
import type { StrategyFactory } from './strategy.ts';

export const random: StrategyFactory = {
  name: 'random',
  create: (prng) => ({ pick: (ready) => prng.below(ready.length), done: () => {} }),
};
