/** The seed of the suite, the commit under test, and the random numbers that the rows draw from the seed. */
import { execFileSync } from 'node:child_process';
import { createPrng } from './prng.ts';

/** SIMCITY_CHAOS_SEED, else one a day: what failed today is found again today. */
export const SEED = Number(process.env['SIMCITY_CHAOS_SEED'] ?? Math.floor(Date.now() / 86_400_000));

/** SIMCITY_CHAOS_FULL=1: the counts of the table where the default has fewer. */
export const FULL = process.env['SIMCITY_CHAOS_FULL'] === '1';

/** By how much a time may exceed its target, for machines that are busy with something else; 1 by default. */
export const ALLOWANCE = Number(process.env['SIMCITY_CHAOS_ALLOWANCE'] ?? 1);

export const COMMIT = commit();

/** Numbers from 0 to below 1, the same for the same seed and label. */
export function randomOf(label: string): () => number {
  return createPrng(`${SEED} ${label}`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    // A copy without its history.
    return 'unknown';
  }
}
