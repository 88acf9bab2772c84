/** The strategies, by name. */
import type { Prng } from '../prng.ts';
import { ambush } from './ambush.ts';
import { pct } from './pct.ts';
import { random } from './random.ts';
import { rivals } from './rivals.ts';
import type { Strategy, StrategyFactory } from './strategy.ts';

export const STRATEGIES: readonly StrategyFactory[] = [random, pct, ambush, rivals];

/** The strategy of this name; an error that lists the known ones when there is none. */
export function createStrategy(name: string, prng: Prng): Strategy {
  const factory = STRATEGIES.find((known) => known.name === name);
  if (!factory) {
    throw new Error(`There is no strategy "${name}". Known: ${STRATEGIES.map((s) => s.name).join(', ')}.`);
  }
  return factory.create(prng);
}
