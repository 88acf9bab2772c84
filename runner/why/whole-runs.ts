/** Whole runs of several seeds: what holds for one schedule of a few requests may hold for nothing else. */
import type { Subject } from '../shrink/candidate.ts';
import type { Laboratory, Tried, Variant } from './findings.ts';

/** Operations of a whole run; a schedule alone is no evidence at another isolation level. */
const OPERATIONS = 400;
/** A run behind a gate takes many times as long as one of an own service: fewer seeds of it. */
const TIMES_BEHIND_GATE = 4;

/** Wall time decides nothing. */
const UNTIMED = { durationSeconds: null, rate: null };

/** How many seeds are tried, where so many are of a service without a gate. */
export function seedsFor({ config }: Pick<Subject, 'config'>, seeds: number): number {
  return config.gate === null ? seeds : Math.ceil(seeds / TIMES_BEHIND_GATE);
}

/** The failing seed first, with the calls that its plan draws. Those that say nothing are left out. */
export async function wholeRuns(
  { seed, config }: Pick<Subject, 'seed' | 'config'>,
  lab: Laboratory,
  seeds: number,
  variant: () => Variant,
): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (let i = 0; i < seeds && !lab.spent; i++) {
    const { config: changed, ...rest } = variant();
    const operations = Math.min(config.operations, OPERATIONS);
    const whole = { ...config, operations, ...UNTIMED, reduction: null, ...changed };
    const each = await lab.run({ ...rest, seed: seed + i, config: whole, frozen: null });
    if (each.discarded === null) tried.push(each);
  }
  return tried;
}
