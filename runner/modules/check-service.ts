/** Takes the default export of a `--target` file for the service that it is. */
import type { MemoryService } from '../service/memory-service.ts';
import type { SqlService } from '../service/sql-service.ts';
import type { ModuleService } from './loaded.ts';
import { asObject, lacking, refuse, type Shape } from './shape.ts';

const MEMORY: Shape = { prepare: 'function', handle: 'function', inspect: 'function' };
const SQL: Shape = { schema: 'string', ...MEMORY };

/** One with a `schema` works over PostgreSQL; one without in memory. @throws ModuleError */
export function checkService(path: string, exported: unknown): ModuleService {
  const value = asObject(
    'target',
    path,
    'a service with prepare, handle and inspect (and schema, over SQL)',
    exported,
  );
  const isSql = 'schema' in value;
  const problems = lacking(value, isSql ? SQL : MEMORY);
  if (problems.length > 0) refuse('target', path, isSql ? 'service over SQL' : 'service', problems);
  return isSql
    ? { kind: 'sql', service: value as SqlService }
    : { kind: 'memory', service: value as MemoryService };
}
