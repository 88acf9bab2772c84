/** The strategies, by name. */
import { findNamed } from '../../find-named.ts';
import type { Prng } from '../prng.ts';
import { ambush } from './ambush.ts';
import { pct } from './pct.ts';
import { pos } from './pos.ts';
import { random } from './random.ts';
import { rivals } from './rivals.ts';
import type { Strategy, StrategyFactory } from './strategy.ts';
import { surw } from './surw.ts';

export const STRATEGIES: readonly StrategyFactory[] = [random, pct, ambush, rivals, pos, surw];

/** The strategy of this name; an error that lists the known ones when there is none. */
export function createStrategy(name: string, prng: Prng): Strategy {
  return findNamed(STRATEGIES, name, 'strategy').create(prng);
}
