/** Makes the target that a run names. */
import type { Scenario } from '../scenarios/scenario.ts';
import { MemoryTarget } from './memory.ts';
import { PostgresTarget } from './postgres/target.ts';
import type { Target, TargetOptions } from './target.ts';

/** Throws, saying what would be right, when the name is not known or what the target needs is missing. */
export function createTarget(
  name: string,
  scenario: Scenario,
  bug: string | null,
  url: string | null,
  options: TargetOptions,
): Target {
  if (name === 'memory') return new MemoryTarget(scenario.memoryService(bug), options.clock);
  if (name === 'postgres') {
    if (!url)
      throw new Error('The target "postgres" needs a database: set DATABASE_URL or SIMCITY_TARGET_URL.');
    return new PostgresTarget(scenario.sqlService(bug), url, options);
  }
  throw new Error(`There is no target "${name}". Known: memory, postgres.`);
}
