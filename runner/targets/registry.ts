/** Makes the target that a run names. */
import { isModuleLabel } from '../../server/contract/index.ts';
import { loadedService } from '../modules/loaded.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { MemoryTarget } from './memory.ts';
import type { SqlService } from './postgres/sql-client.ts';
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
  if (isModuleLabel(name)) return moduleTarget(name, bug, url, options);
  if (name === 'memory') {
    if (!scenario.memoryService) throw notOffered(scenario, 'memoryService', 'postgres');
    return new MemoryTarget(scenario.memoryService(bug), options.clock);
  }
  if (name === 'postgres') {
    if (!scenario.sqlService) throw notOffered(scenario, 'sqlService', 'memory');
    return overPostgres(scenario.sqlService(bug), url, options);
  }
  throw new Error(
    `There is no target "${name}". Known: memory, postgres, the URL of a service, a file of your own.`,
  );
}

function moduleTarget(label: string, bug: string | null, url: string | null, options: TargetOptions): Target {
  if (bug !== null) {
    throw new Error(`The bug "${bug}" is one of the built-in services: it cannot be planted in ${label}.`);
  }
  const found = loadedService(label);
  if (found.kind === 'memory') return new MemoryTarget(found.service, options.clock);
  return overPostgres(found.service, url, options);
}

function overPostgres(service: SqlService, url: string | null, options: TargetOptions): Target {
  if (!url) throw new Error('The target needs a database: set DATABASE_URL or SIMCITY_TARGET_URL.');
  return new PostgresTarget(service, url, options);
}

function notOffered(scenario: Scenario, member: string, other: string): Error {
  return new Error(
    `The scenario "${scenario.name}" has no ${member}(). Use --target ${other}, or a service of your own with --target FILE.`,
  );
}
