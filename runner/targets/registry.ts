/** Makes the target that a run names. */
import { isModuleLabel } from '../../server/contract/index.ts';
import { findNamed } from '../find-named.ts';
import { loadedService, type ModuleService } from '../modules/loaded.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { SqlService } from '../service/sql-service.ts';
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
  const found = findService(name, scenario, bug);
  return found.kind === 'memory'
    ? new MemoryTarget(found.service, options.clock)
    : overPostgres(found.service, url, options);
}

/** The service that a target of this name tests, right or with a known bug; throws likewise. */
export function findService(name: string, scenario: Scenario, bug: string | null): ModuleService {
  if (isModuleLabel(name)) {
    if (bug === null) return loadedService(name);
    throw new Error(`The bug "${bug}" is one of the built-in services: it cannot be planted in ${name}.`);
  }
  if (bug !== null && scenario.bugs) {
    const bugs = scenario.bugs.map((each) => ({ name: each }));
    findNamed(bugs, bug, `bug of ${scenario.name}`);
  }
  if (name === 'memory') {
    if (!scenario.memoryService) throw notOffered(scenario, 'memoryService', 'postgres');
    return { kind: 'memory', service: scenario.memoryService(bug) };
  }
  if (name === 'postgres') {
    if (!scenario.sqlService) throw notOffered(scenario, 'sqlService', 'memory');
    return { kind: 'sql', service: scenario.sqlService(bug) };
  }
  throw new Error(
    `There is no target "${name}". Known: memory, postgres, the URL of a service, a file of your own.`,
  );
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
